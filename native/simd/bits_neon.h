// NEON primitives for signs packed in bits: cnt counts the bits of each byte.
#pragma once
#include <cstdint>

#include "vec_neon.h"

namespace {
constexpr int kSignsPerWord = 32;
constexpr int kCountRegisters = 2;          // x, x ^ w
constexpr size_t kMaxCountIterations = 31;  // 31 * 8 < 256

struct b32v {
  static constexpr int N = 4;
  uint32x4_t v;
};
ALWAYS_INLINE b32v load_words(const uint32_t* p) { return {vld1q_u32(p)}; }
ALWAYS_INLINE b32v broadcast_signs(uint32_t x) { return {vdupq_n_u32(x)}; }
ALWAYS_INLINE b32v add(b32v a, b32v b) { return {vaddq_u32(a.v, b.v)}; }
ALWAYS_INLINE b32v sub(b32v a, b32v b) { return {vsubq_u32(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(b32v a) { return {vcvtq_f32_s32(vreinterpretq_s32_u32(a.v))}; }
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  const uint8x16_t differences = vcntq_u8(vreinterpretq_u8_u32(veorq_u32(x.v, w.v)));
  return {vreinterpretq_u32_u8(vaddq_u8(vreinterpretq_u8_u32(counts.v), differences))};
}
ALWAYS_INLINE b32v sum_bytes(b32v counts) { return {vpaddlq_u16(vpaddlq_u8(vreinterpretq_u8_u32(counts.v)))}; }
ALWAYS_INLINE uint32_t negative_lanes(f32v a) {
  const uint32x4_t bits = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(vcltzq_f32(a.v), bits));
}
}  // namespace
