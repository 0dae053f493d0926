// Memory that ends where a page ends, with an unreadable page behind it: a load or a store one byte too far is a fault. Where there is no
// mmap the bytes behind are a canary, which only stores disturb.
#pragma once
#include <cstddef>
#include <cstring>

#if defined(__linux__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define ADDERNET_HAS_GUARD_PAGES
#endif

class GuardedMemory {
 public:
  GuardedMemory() {
#if defined(ADDERNET_HAS_GUARD_PAGES)
    page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* const pages = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    memory_ = static_cast<unsigned char*>(pages);
    mprotect(memory_ + page_, page_, PROT_NONE);
#else
    page_ = 4096;
    memory_ = new unsigned char[2 * page_];
#endif
    std::memset(memory_, kCanary, page_);
  }
  ~GuardedMemory() {
#if defined(ADDERNET_HAS_GUARD_PAGES)
    if (memory_) munmap(memory_, 2 * page_);
#else
    delete[] memory_;
#endif
  }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  bool ok() const { return memory_ != nullptr; }
  // The last n elements before the guard.
  template <class T>
  T* last(size_t n) const {
    return reinterpret_cast<T*>(memory_ + page_ - n * sizeof(T));
  }
  // Whether everything before the last `bytes` bytes is as it was.
  bool is_intact_before(size_t bytes) const {
    for (size_t i = 0; i + bytes < page_; ++i)
      if (memory_[i] != kCanary) return false;
    return true;
  }

 private:
  static constexpr unsigned char kCanary = 0xa5;
  size_t page_ = 0;
  unsigned char* memory_ = nullptr;
};
