// Sums of integers along rows and columns (IntegerSums).
#pragma once
#include "integer_kernels.h"

namespace {
// The first `chunks` vectors of four rows, their sums reduced together, and what is left of the columns.
template <class Sum, class T>
ALWAYS_INLINE void four_row_sums(size_t chunks, size_t columns, const T* src, size_t src_stride, int32_t* sums) {
  Sum sum[4] = {};
  for (size_t c = 0; c < chunks; ++c) UNROLL for (size_t i = 0; i < 4; ++i) sum[i].add(src + i * src_stride + c * Sum::kElems);
  store_row_sums(sums, sum);
  for (size_t c = chunks * Sum::kElems; c < columns; ++c)
    for (size_t i = 0; i < 4; ++i) sums[i] += src[i * src_stride + c];
}

template <class Sum, class T>
void integer_row_sums(size_t rows, size_t columns, const T* src, size_t src_stride, int32_t* sums) {
  size_t r = 0;
  if (columns == Sum::kElems)  // the 16 channels of a pixel: no loop within the loop
    for (; r + 4 <= rows; r += 4) four_row_sums<Sum>(1, Sum::kElems, src + r * src_stride, src_stride, sums + r);
  const size_t chunks = columns / Sum::kElems;
  for (; r + 4 <= rows; r += 4) four_row_sums<Sum>(chunks, columns, src + r * src_stride, src_stride, sums + r);
  for (; r < rows; ++r) {
    int32_t same[4];
    four_row_sums<Sum>(chunks, columns, src + r * src_stride, 0, same);
    sums[r] = same[0];
  }
}

void integer_column_sums(size_t rows, size_t columns, const int32_t* src, size_t src_stride, int32_t* sums) {
  size_t c = 0;
  for (; c + i32v::N <= columns; c += i32v::N) {
    i32v sum = load(src + c);
    for (size_t r = 1; r < rows; ++r) sum = add(sum, load(src + r * src_stride + c));
    store(sums + c, sum);
  }
  if (c == columns) return;
  i32v sum = load_partial(src + c, columns - c);
  for (size_t r = 1; r < rows; ++r) sum = add(sum, load_partial(src + r * src_stride + c, columns - c));
  store_partial(sums + c, sum, columns - c);
}

constexpr IntegerSums kIntegerSums = {integer_row_sums<ByteRowSum, uint8_t>, integer_row_sums<ShortRowSum, int16_t>, integer_column_sums};
}  // namespace
