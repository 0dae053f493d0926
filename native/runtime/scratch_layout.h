// Arrays that share a thread's scratch memory, each aligned to a cache line:
//
//   ScratchLayout layout;
//   const auto pointers = layout.add<const float*>(pixels);
//   const auto sums = layout.add<float>(pixels);
//   const Scratch scratch(layout);
//   if (!scratch) return Status::kMemory;
//   scratch[sums][0] = 1;
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "round.h"
#include "scratch.h"

template <class T>
struct ScratchSlot {
  size_t offset;  // in bytes
};

class ScratchLayout {
 public:
  template <class T>
  ScratchSlot<T> add(size_t count) {
    static_assert(std::is_trivial_v<T> && alignof(T) <= kAlign);
    const ScratchSlot<T> slot = {bytes_};
    // A size that does not fit stays the largest there is, of which no memory is given.
    if (bytes_ > kMaxBytes || count > (kMaxBytes - bytes_) / sizeof(T)) bytes_ = SIZE_MAX;
    else bytes_ += round_up(count * sizeof(T), kAlign);
    return slot;
  }
  size_t bytes() const { return bytes_ > 0 ? bytes_ : 1; }  // of nothing, too, is not null

 private:
  static constexpr size_t kAlign = 64, kMaxBytes = SIZE_MAX - 2 * kAlign;
  size_t bytes_ = 0;
};

// The memory of a layout: this thread's, until its next Scratch. Contents are undefined; false if there is no memory.
class Scratch {
 public:
  explicit Scratch(const ScratchLayout& layout) : memory_(static_cast<unsigned char*>(thread_scratch(layout.bytes()))) {}
  explicit operator bool() const { return memory_ != nullptr; }
  template <class T>
  T* operator[](ScratchSlot<T> slot) const {
    return reinterpret_cast<T*>(memory_ + slot.offset);
  }

 private:
  unsigned char* const memory_;
};
