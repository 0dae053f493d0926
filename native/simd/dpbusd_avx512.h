// Primitives of AVX-512 VNNI, beside integer_avx512.h.
#pragma once
#ifndef __AVX512VNNI__
#error "compile this file with the AVX-512 VNNI flags of CMakeLists.txt"
#endif
#include "integer_avx512.h"

namespace {
ALWAYS_INLINE i32v dpbusd(i32v sum, i8v x, i8v w) {
  sum.v = _mm512_dpbusd_epi32(sum.v, x.v, w.v);
  asm("" : "+v"(sum.v));  // else gcc copies the sums of tiles one vector wide in every iteration
  return sum;
}
// The sums of neighbors: the pairs of a, then those of b.
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return {_mm512_add_epi32(_mm512_permutex2var_epi32(a.v, even, b.v), _mm512_permutex2var_epi32(a.v, odd, b.v))};
}
}  // namespace
