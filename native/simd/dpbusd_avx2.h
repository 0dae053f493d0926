// The primitive of AVX-VNNI, beside integer_avx2.h.
#pragma once
#ifndef __AVXVNNI__
#error "compile this file with the AVX-VNNI flags of CMakeLists.txt"
#endif
#include "integer_avx2.h"

namespace {
ALWAYS_INLINE i32v dpbusd(i32v sum, i8v x, i8v w) { return {_mm256_dpbusd_avx_epi32(sum.v, x.v, w.v)}; }
}  // namespace
