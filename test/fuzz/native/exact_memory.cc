#include "exact_memory.h"

#include <cstdlib>
#include <utility>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(_WIN32) || defined(__wasm__) || defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)

ExactMemory::ExactMemory(size_t bytes) : pages_(static_cast<char*>(std::calloc(bytes, 1))), length_(bytes), data_(pages_) {
  if (!pages_ && bytes > 0) std::abort();
}
ExactMemory::~ExactMemory() { std::free(pages_); }

#else
#include <sys/mman.h>
#include <unistd.h>

ExactMemory::ExactMemory(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t accessible = (bytes + page - 1) / page * page;
  length_ = accessible + page;
  void* const pages = mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) std::abort();
  pages_ = static_cast<char*>(pages);
  if (mprotect(pages_ + accessible, page, PROT_NONE) != 0) std::abort();
  data_ = pages_ + accessible - bytes;
}
ExactMemory::~ExactMemory() {
  if (pages_) munmap(pages_, length_);
}

#endif

ExactMemory::ExactMemory(ExactMemory&& other) noexcept
    : pages_(std::exchange(other.pages_, nullptr)), length_(other.length_), data_(std::exchange(other.data_, nullptr)) {}
