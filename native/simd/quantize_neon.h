// NEON primitives of quantization, beside integer_neon.h.
#pragma once
#include "integer_neon.h"
#include "quantize_limits.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {vdivq_f32(a.v, b.v)}; }
ALWAYS_INLINE f32v add_on_fma(f32v a, f32v b, f32v) { return add(a, b); }
ALWAYS_INLINE f32v to_float(i32v a) { return {vcvtq_f32_s32(a.v)}; }
// vmaxnm gives its other operand where a is NaN; vcvtn rounds halves to even.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_min, f32v q_max) { return {vcvtnq_s32_f32(vminq_f32(vmaxnmq_f32(a.v, q_min.v), q_max.v))}; }
ALWAYS_INLINE i32v load_widened(const uint8_t* p) {
  uint32_t word;
  __builtin_memcpy(&word, p, sizeof word);
  return {vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(word)))))};
}
ALWAYS_INLINE void store_narrowed(uint8_t* p, i32v a) {
  const int16x4_t shorts = vmovn_s32(a.v);
  const uint32_t word = vget_lane_u32(vreinterpret_u32_s8(vmovn_s16(vcombine_s16(shorts, shorts))), 0);
  __builtin_memcpy(p, &word, sizeof word);
}
ALWAYS_INLINE i32v load_widened(const int16_t* p) { return {vmovl_s16(vld1_s16(p))}; }
ALWAYS_INLINE void store_narrowed(int16_t* p, i32v a) { vst1_s16(p, vmovn_s32(a.v)); }
template <class Q>
ALWAYS_INLINE void store_rounded(Q* p, f32v a) {
  store_narrowed(p, round_within(a, broadcast(kLeast<Q>), broadcast(kLargest<Q>)));
}
}  // namespace

#include "quantize_partial.h"
