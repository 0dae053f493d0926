// The word of AVX-512 VNNI; included by kernels_avx512_vnni.cc alone.
#pragma once
#ifndef __AVX512VNNI__
#error "compile this file with the AVX-512 VNNI flags of CMakeLists.txt"
#endif
#include "integer_avx512.h"

namespace {
ALWAYS_INLINE i32v dpbusd(i32v sum, i8v x, i8v w) { return {_mm512_dpbusd_epi32(sum.v, x.v, w.v)}; }
}  // namespace
