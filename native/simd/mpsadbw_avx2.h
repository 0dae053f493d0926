// The primitive of vmpsadbw, beside integer_avx2.h and integer_avx512.h: it has 256 bits at most.
#pragma once
#include <immintrin.h>

#include "unroll.h"

namespace {
struct i8v256 {
  __m256i v;
};
// sum[i] + sum_j |x[i + j] - w[j]|    i < 8, j < 4, in lanes of 16 bits within each half
ALWAYS_INLINE i8v256 add_sliding(i8v256 sum, i8v256 x, i8v256 w) { return {_mm256_add_epi16(sum.v, _mm256_mpsadbw_epu8(x.v, w.v, 0))}; }
}  // namespace
