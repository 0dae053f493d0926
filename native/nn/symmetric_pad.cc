#include "symmetric_pad.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"

namespace {
struct Quarter {
  size_t first, channels, top, left;
};
Quarter quarter(const SymmetricPadSize& s, size_t q) {
  const size_t first = q * s.c / 4;
  return {first, (q + 1) * s.c / 4 - first, q < 2, q % 2 == 0};
}

template <size_t kBytes>
void copy_pieces_of(size_t count, size_t stride_bytes, const char* from, char* to) {
  for (size_t i = 0; i < count; ++i, from += stride_bytes, to += stride_bytes) std::memcpy(to, from, kBytes);
}
// The channels of one quarter in a row of pixels. Calls of memcpy would take longer than the bytes of a few channels.
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
}  // namespace

template <class T>
void symmetric_pad(ThreadPool& pool, const SymmetricPadSize& s, const T* x, T value, T* y) {
  const size_t rows = s.h + 1, columns = s.w + 1;
  pool.parallel_chunks(s.n * rows, fit_count(kChunkElems, columns * s.c), [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row) {
      T* const out = y + row * columns * s.c;
      for (size_t q = 0; q < 4; ++q) {
        const auto [channel, channels, top, left] = quarter(s, q);
        const size_t i = row % rows;
        if (i < top || i - top >= s.h) {
          for (size_t j = 0; j < columns; ++j) std::fill_n(out + j * s.c + channel, channels, value);
          continue;
        }
        const T* const in = x + (row / rows * s.h + i - top) * s.w * s.c;
        copy_pieces(s.w, channels * sizeof(T), s.c * sizeof(T), in + channel, out + left * s.c + channel);
        std::fill_n(out + (left ? 0 : s.w) * s.c + channel, channels, value);
      }
    }
  });
}
template void symmetric_pad(ThreadPool&, const SymmetricPadSize&, const float*, float, float*);
template void symmetric_pad(ThreadPool&, const SymmetricPadSize&, const uint8_t*, uint8_t, uint8_t*);
template void symmetric_pad(ThreadPool&, const SymmetricPadSize&, const int16_t*, int16_t, int16_t*);

void symmetric_pad_grad(ThreadPool& pool, const SymmetricPadSize& s, const float* gy, float* gx) {
  pool.parallel_chunks(s.n * s.h, fit_count(kChunkElems, s.w * s.c), [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row)
      for (size_t q = 0; q < 4; ++q) {
        const auto [channel, channels, top, left] = quarter(s, q);
        const float* const in = gy + ((row / s.h * (s.h + 1) + row % s.h + top) * (s.w + 1) + left) * s.c;
        copy_pieces(s.w, channels * sizeof(float), s.c * sizeof(float), in + channel, gx + row * s.w * s.c + channel);
      }
  });
}
