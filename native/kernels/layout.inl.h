// Transposing in blocks of N rows x 4 columns, and sums along rows and columns (LayoutKernels).
#pragma once
#include "layout_kernels.h"

namespace {
void transpose(size_t rows, size_t columns, const float* src, size_t src_stride, float* dst, size_t dst_stride) {
  size_t r = 0;
  for (; r + f32v::N <= rows; r += f32v::N) {
    size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
      f32v block[4];
      load_columns(src + r * src_stride + c, src_stride, block);
      UNROLL for (int i = 0; i < 4; ++i) store(dst + (c + i) * dst_stride + r, block[i]);
    }
    for (; c < columns; ++c)
      for (size_t i = r; i < r + f32v::N; ++i) dst[c * dst_stride + i] = src[i * src_stride + c];
  }
  for (; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) dst[c * dst_stride + r] = src[r * src_stride + c];
}

// N rows at a time, their sums reduced together. The last block has rows of zeros, so that a row's sum is bit-identical in any place.
void row_sums(size_t rows, size_t columns, const float* src, size_t src_stride, float* sums) {
  const size_t full = columns / f32v::N * f32v::N;
  for (size_t r = 0; r < rows; r += f32v::N, src += f32v::N * src_stride) {
    const size_t count = rows - r < f32v::N ? rows - r : f32v::N;
    f32v sum[f32v::N];
    UNROLL for (size_t i = 0; i < f32v::N; ++i) {
      sum[i] = broadcast(0.0f);
      if (i >= count) continue;
      const float* row = src + i * src_stride;
      for (size_t c = 0; c < full; c += f32v::N) sum[i] = add(sum[i], load(row + c));
      if (full < columns) sum[i] = add(sum[i], load_partial(row + full, columns - full));
    }
    if (count == f32v::N) store(sums + r, reduce_rows(sum));
    else store_partial(sums + r, reduce_rows(sum), count);
  }
}

void column_sums(size_t rows, size_t columns, const float* src, size_t src_stride, float* sums) {
  for (size_t c = 0; c < columns; c += f32v::N) {
    const size_t left = columns - c;
    const bool is_full = left >= f32v::N;
    f32v sum = broadcast(0.0f);
    for (size_t r = 0; r < rows; ++r) {
      const float* p = src + r * src_stride + c;
      sum = add(sum, is_full ? load(p) : load_partial(p, left));
    }
    if (is_full) store(sums + c, sum);
    else store_partial(sums + c, sum, left);
  }
}

constexpr LayoutKernels kLayout = {transpose, row_sums, column_sums};
}  // namespace
