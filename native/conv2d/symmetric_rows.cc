#include "symmetric_rows.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace {
template <size_t kBytes>
void copy_pieces_of(size_t count, size_t stride_bytes, const char* from, char* to) {
  for (size_t i = 0; i < count; ++i, from += stride_bytes, to += stride_bytes) std::memcpy(to, from, kBytes);
}

// Bytes of a pixel whose quarters have four each: two of them are copied as one number, all CPUs of the kernels being little-endian.
constexpr size_t kNarrowPixel = 16;
void copy_narrow_quarters(size_t w, const void* from, uint32_t value, void* to) {
  const char* in = static_cast<const char*>(from);
  char* out = static_cast<char*>(to);
  uint64_t before = value;
  for (size_t j = 0; j < w; ++j, in += kNarrowPixel, out += kNarrowPixel) {
    uint64_t both;
    std::memcpy(&both, in, sizeof both);
    const uint64_t shifted = (both >> 32 << 32) | before;
    std::memcpy(out, &shifted, sizeof shifted);
    before = static_cast<uint32_t>(both);
  }
  const uint64_t last = uint64_t{value} << 32 | before;
  std::memcpy(out, &last, sizeof last);
}

// `value` as often as four bytes hold it.
template <class T>
uint32_t repeated(T value) {
  T values[sizeof(uint32_t) / sizeof(T)];
  std::fill(std::begin(values), std::end(values), value);
  uint32_t bits;
  std::memcpy(&bits, values, sizeof bits);
  return bits;
}
}  // namespace

// Calls of memcpy would take longer than the bytes of a few channels.
void copy_pieces(size_t count, size_t piece_bytes, size_t stride_bytes, const void* from, void* to) {
  const char* const in = static_cast<const char*>(from);
  char* const out = static_cast<char*>(to);
  switch (piece_bytes) {
    case 4:
      return copy_pieces_of<4>(count, stride_bytes, in, out);
    case 8:
      return copy_pieces_of<8>(count, stride_bytes, in, out);
    case 16:
      return copy_pieces_of<16>(count, stride_bytes, in, out);
    case 32:
      return copy_pieces_of<32>(count, stride_bytes, in, out);
    case 64:
      return copy_pieces_of<64>(count, stride_bytes, in, out);
    default:
      for (size_t i = 0; i < count; ++i) std::memcpy(out + i * stride_bytes, in + i * stride_bytes, piece_bytes);
  }
}

template <class T>
void symmetric_row(size_t h, size_t w, size_t c, const T* x, size_t row, T value, T* out) {
  for (size_t q = 0; q < 4; q += 2) {  // two quarters come from one row of x, the first from the pixel before
    const Quarter before = quarter(c, q), same = quarter(c, q + 1);
    T* const to = out + before.first;
    if (row < before.top || row - before.top >= h) {
      for (size_t j = 0; j <= w; ++j) std::fill_n(to + j * c, before.channels + same.channels, value);
      continue;
    }
    const T* const from = x + (row - before.top) * w * c + before.first;
    if (c * sizeof(T) == kNarrowPixel) {
      copy_narrow_quarters(w, from, repeated(value), to);
      continue;
    }
    std::fill_n(to, before.channels, value);
    copy_pieces(w, before.channels * sizeof(T), c * sizeof(T), from, to + c);
    copy_pieces(w, same.channels * sizeof(T), c * sizeof(T), from + before.channels, to + before.channels);
    std::fill_n(to + w * c + before.channels, same.channels, value);
  }
}
template void symmetric_row(size_t, size_t, size_t, const float*, size_t, float, float*);
template void symmetric_row(size_t, size_t, size_t, const uint8_t*, size_t, uint8_t, uint8_t*);
template void symmetric_row(size_t, size_t, size_t, const int16_t*, size_t, int16_t, int16_t*);
