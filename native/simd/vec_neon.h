// NEON (AArch64) primitives.
#pragma once
#include <arm_neon.h>

#include <cstddef>

#include "unroll.h"

namespace {
constexpr int kVectorRegisters = 32;

struct f32v {
  static constexpr int N = 4;
  float32x4_t v;
};
ALWAYS_INLINE f32v load(const float* p) { return {vld1q_f32(p)}; }
ALWAYS_INLINE void store(float* p, f32v a) { vst1q_f32(p, a.v); }
// By halves: putting lanes together in memory would make the vector load wait for each of their stores.
ALWAYS_INLINE f32v load_partial(const float* p, size_t n) {
  const float32x2_t zero = vdup_n_f32(0);
  if (!(n & 2)) return {vcombine_f32(n ? vld1_lane_f32(p, zero, 0) : zero, zero)};
  return {vcombine_f32(vld1_f32(p), n & 1 ? vld1_lane_f32(p + 2, zero, 0) : zero)};
}
ALWAYS_INLINE void store_partial(float* p, f32v a, size_t n) {
  if (n & 2) vst1_f32(p, vget_low_f32(a.v));
  if (n == 1) vst1q_lane_f32(p, a.v, 0);
  if (n == 3) vst1q_lane_f32(p + 2, a.v, 2);
}
ALWAYS_INLINE f32v broadcast(float x) { return {vdupq_n_f32(x)}; }
ALWAYS_INLINE f32v add(f32v a, f32v b) { return {vaddq_f32(a.v, b.v)}; }
ALWAYS_INLINE f32v sub(f32v a, f32v b) { return {vsubq_f32(a.v, b.v)}; }
ALWAYS_INLINE f32v mul(f32v a, f32v b) { return {vmulq_f32(a.v, b.v)}; }
ALWAYS_INLINE f32v multiply_add(f32v a, f32v b, f32v c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
// NEON min and max give NaN when either operand is NaN.
ALWAYS_INLINE f32v min(f32v limit, f32v datum) { return {vminq_f32(limit.v, datum.v)}; }
ALWAYS_INLINE f32v max(f32v limit, f32v datum) { return {vmaxq_f32(limit.v, datum.v)}; }
ALWAYS_INLINE f32v where_positive(f32v condition, f32v datum) {
  return {vreinterpretq_f32_u32(vandq_u32(vcgtzq_f32(condition.v), vreinterpretq_u32_f32(datum.v)))};
}
ALWAYS_INLINE f32v abs_diff(f32v a, f32v b) { return {vabdq_f32(a.v, b.v)}; }
// Lane r is the sum of the lanes of rows[r].
ALWAYS_INLINE f32v reduce_rows(const f32v rows[4]) {
  return {vpaddq_f32(vpaddq_f32(rows[0].v, rows[1].v), vpaddq_f32(rows[2].v, rows[3].v))};
}
ALWAYS_INLINE void load_columns(const float* p, size_t stride, f32v columns[4]) {
  const float32x4x2_t rows01 = vtrnq_f32(vld1q_f32(p), vld1q_f32(p + stride));
  const float32x4x2_t rows23 = vtrnq_f32(vld1q_f32(p + 2 * stride), vld1q_f32(p + 3 * stride));
  UNROLL for (int odd = 0; odd < 2; ++odd) {
    columns[odd].v = vcombine_f32(vget_low_f32(rows01.val[odd]), vget_low_f32(rows23.val[odd]));
    columns[odd + 2].v = vcombine_f32(vget_high_f32(rows01.val[odd]), vget_high_f32(rows23.val[odd]));
  }
}

// fabd is |x - w| in one instruction: the direct form, no sums.
constexpr bool kL1NeedsSums = false;
ALWAYS_INLINE f32v l1_one() { return broadcast(1.0f); }
ALWAYS_INLINE f32v l1_accumulate(f32v sum, f32v x, f32v w, f32v) { return add(sum, abs_diff(x, w)); }
}  // namespace
