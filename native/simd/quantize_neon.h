// NEON primitives of quantization, beside integer_neon.h.
#pragma once
#include "integer_neon.h"
#include "partial_lanes.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {vdivq_f32(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(i32v a) { return {vcvtq_f32_s32(a.v)}; }
// vcvtn rounds halves to even, and gives 0 for the NaN that max and min leave.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_max) { return {vcvtnq_s32_f32(vminq_f32(vmaxq_f32(a.v, vdupq_n_f32(0)), q_max.v))}; }
ALWAYS_INLINE i32v load_bytes(const uint8_t* p) {
  uint32_t word;
  __builtin_memcpy(&word, p, sizeof word);
  return {vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(word)))))};
}
ALWAYS_INLINE void store_bytes(uint8_t* p, i32v a) {
  const int16x4_t shorts = vmovn_s32(a.v);
  const uint32_t word = vget_lane_u32(vreinterpret_u32_s8(vmovn_s16(vcombine_s16(shorts, shorts))), 0);
  __builtin_memcpy(p, &word, sizeof word);
}
ALWAYS_INLINE i32v load_partial_bytes(const uint8_t* p, size_t n) {
  return load_lanes<i32v::N>(p, n, [](const uint8_t* lanes) { return load_bytes(lanes); });
}
ALWAYS_INLINE void store_partial_bytes(uint8_t* p, i32v a, size_t n) {
  store_lanes<i32v::N>(p, n, [a](uint8_t* lanes) { store_bytes(lanes, a); });
}
}  // namespace
