// Moving and summing rows: what packing filters, transposing pixels and the sums of the L1 form need.
#pragma once
#include <cstddef>

struct LayoutKernels {
  // dst[c][r] = src[r][c]        r < rows, c < columns; strides in floats
  void (*transpose)(size_t rows, size_t columns, const float* src, size_t src_stride, float* dst, size_t dst_stride);
  // sums[r] = sum_c src[r][c]    r < rows, c < columns
  void (*row_sums)(size_t rows, size_t columns, const float* src, size_t src_stride, float* sums);
  // sums[c] = sum_r src[r][c]; rows may overlap
  void (*column_sums)(size_t rows, size_t columns, const float* src, size_t src_stride, float* sums);
};
