// Sums of integers along rows and columns (IntegerSums).
#pragma once
#include "integer_kernels.h"

namespace {
// Four rows at a time, their sums reduced together; the last block repeats its last row.
template <class Sum, class T>
void integer_row_sums(size_t rows, size_t columns, const T* src, size_t src_stride, int32_t* sums) {
  const size_t full = columns / Sum::kElems * Sum::kElems;
  for (size_t r = 0; r < rows; r += 4) {
    const size_t count = rows - r < 4 ? rows - r : 4;
    const T* row[4];
    UNROLL for (size_t i = 0; i < 4; ++i) row[i] = src + (r + (i < count ? i : count - 1)) * src_stride;
    Sum sum[4] = {};
    for (size_t c = 0; c < full; c += Sum::kElems) UNROLL for (int i = 0; i < 4; ++i) sum[i].add(row[i] + c);
    if (count == 4 && full == columns) {
      store_row_sums(sums + r, sum);
      continue;
    }
    int32_t lanes[4];
    store_row_sums(lanes, sum);
    for (size_t i = 0; i < count; ++i) {
      for (size_t c = full; c < columns; ++c) lanes[i] += row[i][c];
      sums[r + i] = lanes[i];
    }
  }
}

void integer_column_sums(size_t rows, size_t columns, const int32_t* src, size_t src_stride, int32_t* sums) {
  for (size_t c = 0; c < columns; c += i32v::N) {
    const size_t left = columns - c;
    const bool is_full = left >= i32v::N;
    i32v sum = broadcast_i32(0);
    for (size_t r = 0; r < rows; ++r) {
      const int32_t* p = src + r * src_stride + c;
      sum = add(sum, is_full ? load(p) : load_partial(p, left));
    }
    if (is_full) store(sums + c, sum);
    else store_partial(sums + c, sum, left);
  }
}

constexpr IntegerSums kIntegerSums = {integer_row_sums<ByteRowSum, uint8_t>, integer_row_sums<ShortRowSum, int16_t>, integer_column_sums};
}  // namespace
