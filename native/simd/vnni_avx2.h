// Primitives of AVX-VNNI, beside integer_avx2.h.
#pragma once
#ifndef __AVXVNNI__
#error "compile this file with the AVX-VNNI flags of CMakeLists.txt"
#endif
#include "integer_avx2.h"

namespace {
// sum + four x * w a lane, bytes without and with sign
ALWAYS_INLINE i32v dpbusd(i32v sum, i8v x, i8v w) {
  sum.v = _mm256_dpbusd_avx_epi32(sum.v, x.v, w.v);
  asm("" : "+x"(sum.v));  // else gcc keeps the sums of some tiles in memory
  return sum;
}
// sum + two x * w a lane, int16
ALWAYS_INLINE i32v dpwssd(i32v sum, i8v x, i8v w) {
  sum.v = _mm256_dpwssd_avx_epi32(sum.v, x.v, w.v);
  asm("" : "+x"(sum.v));
  return sum;
}
}  // namespace
