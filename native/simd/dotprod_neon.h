// Primitives of the dot product extension, beside integer_neon.h.
#pragma once
#ifndef __ARM_FEATURE_DOTPROD
#error "compile this file with the dot product flags of CMakeLists.txt"
#endif
#include "integer_neon.h"

namespace {
// sum + four |x - w| a lane, by a dot product with ones
ALWAYS_INLINE i32v add_four_distances(i32v sum, i8v x, i8v w) {
  return {vreinterpretq_s32_u32(vdotq_u32(vreinterpretq_u32_s32(sum.v), vabdq_u8(x.v, w.v), vdupq_n_u8(1)))};
}
// sum + four x * w a lane, bytes with sign
ALWAYS_INLINE i32v add_four_products(i32v sum, i8v x, i8v w) {
  return {vdotq_s32(sum.v, vreinterpretq_s8_u8(x.v), vreinterpretq_s8_u8(w.v))};
}
}  // namespace
