#include "symmetric_pad.h"

#include "../conv2d/symmetric_rows.h"
#include "../runtime/block_sizes.h"
#include "../runtime/round.h"

void symmetric_pad(ThreadPool& pool, const SymmetricPadSize& s, const float* x, float value, float* y) {
  const size_t rows = s.h + 1, row_elems = (s.w + 1) * s.c;
  pool.parallel_chunks(s.n * rows, fit_count(kChunkElems, row_elems), [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row)
      symmetric_row(s.h, s.w, s.c, x + row / rows * s.h * s.w * s.c, row % rows, value, y + row * row_elems);
  });
}

void symmetric_pad_grad(ThreadPool& pool, const SymmetricPadSize& s, const float* gy, float* gx) {
  pool.parallel_chunks(s.n * s.h, fit_count(kChunkElems, s.w * s.c), [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row)
      for (size_t q = 0; q < 4; ++q) {
        const auto [channel, channels, top, left] = quarter(s.c, q);
        const float* const in = gy + ((row / s.h * (s.h + 1) + row % s.h + top) * (s.w + 1) + left) * s.c;
        copy_pieces(s.w, channels * sizeof(float), s.c * sizeof(float), in + channel, gx + row * s.w * s.c + channel);
      }
  });
}
