// Primitives of AVX-512 VNNI, beside integer_avx512.h.
#pragma once
#ifndef __AVX512VNNI__
#error "compile this file with the AVX-512 VNNI flags of CMakeLists.txt"
#endif
#include "integer_avx512.h"

namespace {
// sum + four x * w a lane, bytes without and with sign
ALWAYS_INLINE i32v dpbusd(i32v sum, i8v x, i8v w) {
  sum.v = _mm512_dpbusd_epi32(sum.v, x.v, w.v);
  asm("" : "+v"(sum.v));  // else gcc copies the sums of some tiles in every iteration
  return sum;
}
// sum + two x * w a lane, int16
ALWAYS_INLINE i32v dpwssd(i32v sum, i8v x, i8v w) {
  sum.v = _mm512_dpwssd_epi32(sum.v, x.v, w.v);
  asm("" : "+v"(sum.v));
  return sum;
}
}  // namespace
