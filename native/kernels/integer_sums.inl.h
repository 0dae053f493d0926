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

// Pixels of 16 channels lie next to each other, and have the fewest outputs for their sums to pay: a vector of them at once.
void byte_row_sums(size_t rows, size_t columns, const uint8_t* src, size_t src_stride, int32_t* sums) {
  constexpr size_t kBytes = 16, kRows = i32v::N;
  if (columns != kBytes || src_stride != kBytes || rows < kRows) return integer_row_sums<ByteRowSum>(rows, columns, src, src_stride, sums);
  for (size_t r = 0; r < rows; r += kRows) {
    const size_t first = r + kRows <= rows ? r : rows - kRows;
    store(sums + first, sums_of_16_bytes(src + first * kBytes));
  }
}

constexpr IntegerSums kIntegerSums = {byte_row_sums, integer_row_sums<ShortRowSum, int16_t>, integer_column_sums};
}  // namespace
