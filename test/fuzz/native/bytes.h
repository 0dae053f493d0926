// The choices of a case, drawn from the fuzzer's bytes. Once they are used up every choice is its simplest.
#pragma once
#include <cstddef>
#include <cstdint>

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint32_t word(int bytes = 4) {
    uint32_t value = 0;
    for (; bytes > 0 && size_ > 0; --bytes, --size_) value = value << 8 | *data_++;
    return value;
  }
  // Of at most 256 numbers one byte is enough.
  size_t integer(size_t min, size_t max) { return min + word(max - min < 256 ? 1 : 4) % (max - min + 1); }
  bool flag() { return word(1) & 1; }
  template <class T, size_t N>
  const T& one_of(const T (&choices)[N]) {
    return choices[integer(0, N - 1)];
  }

 private:
  const uint8_t* data_;
  size_t size_;
};
