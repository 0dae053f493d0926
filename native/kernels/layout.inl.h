// Transposing in blocks of N rows x 4 columns, and horizontal sums (LayoutKernels).
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

void row_sums(size_t rows, size_t columns, const float* src, size_t src_stride, float* sums) {
  for (size_t r = 0; r < rows; ++r, src += src_stride) {
    f32v sum = broadcast(0.0f);
    size_t c = 0;
    for (; c + f32v::N <= columns; c += f32v::N) sum = add(sum, load(src + c));
    if (c < columns) sum = add(sum, load_first(src + c, columns - c));
    sums[r] = reduce_add(sum);
  }
}

constexpr LayoutKernels kLayout = {transpose, row_sums};
}  // namespace
