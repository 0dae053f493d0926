// The word of AVX-VNNI; included by kernels_avx2_vnni.cc alone.
#pragma once
#ifndef __AVXVNNI__
#error "compile this file with the AVX-VNNI flags of CMakeLists.txt"
#endif
#include "integer_avx2.h"

namespace {
ALWAYS_INLINE i32v dpbusd(i32v sum, i8v x, i8v w) {
  sum.v = _mm256_dpbusd_avx_epi32(sum.v, x.v, w.v);
  asm("" : "+x"(sum.v));  // else gcc copies the sums of tiles one vector wide in every step
  return sum;
}
// Neighbours added: the pairs of a, then those of b. The addition works within halves, whence the permutation.
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) { return {_mm256_permute4x64_epi64(_mm256_hadd_epi32(a.v, b.v), 0xd8)}; }
}  // namespace
