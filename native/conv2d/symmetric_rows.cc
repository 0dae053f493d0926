#include "symmetric_rows.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace {
template <size_t kBytes>
void copy_pieces_of(size_t count, size_t stride_bytes, const char* from, char* to) {
  for (size_t i = 0; i < count; ++i, from += stride_bytes, to += stride_bytes) std::memcpy(to, from, kBytes);
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
  for (size_t q = 0; q < 4; ++q) {
    const auto [first, channels, top, left] = quarter(c, q);
    if (row < top || row - top >= h) {
      for (size_t j = 0; j <= w; ++j) std::fill_n(out + j * c + first, channels, value);
      continue;
    }
    copy_pieces(w, channels * sizeof(T), c * sizeof(T), x + (row - top) * w * c + first, out + left * c + first);
    std::fill_n(out + (left ? 0 : w) * c + first, channels, value);
  }
}
template void symmetric_row(size_t, size_t, size_t, const float*, size_t, float, float*);
template void symmetric_row(size_t, size_t, size_t, const uint8_t*, size_t, uint8_t, uint8_t*);
template void symmetric_row(size_t, size_t, size_t, const int16_t*, size_t, int16_t, int16_t*);
