// WebAssembly primitives of quantization, beside integer_wasm.h.
#pragma once
#include "integer_wasm.h"
#include "quantize_limits.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {wasm_f32x4_div(a.v, b.v)}; }
ALWAYS_INLINE f32v add_on_fma(f32v a, f32v b, f32v) { return add(a, b); }
ALWAYS_INLINE f32v to_float(i32v a) { return {wasm_f32x4_convert_i32x4(a.v)}; }
// pmax gives its first operand, q_min, where a is NaN. Limits are those of a quantized type, so that adding 1.5 * 2^23 rounds, halves to
// even, and leaves the integer in the low bits: the conversion, which sees to any float, is five instructions on x86.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_min, f32v q_max) {
  const f32v within = {wasm_f32x4_pmin(wasm_f32x4_pmax(q_min.v, a.v), q_max.v)};
  const f32v shifted = add(within, broadcast(0x1.8p23f));
  return {wasm_i32x4_sub(shifted.v, broadcast(0x1.8p23f).v)};
}
ALWAYS_INLINE i32v load_widened(const uint8_t* p) {
  return {wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(p)))};
}
ALWAYS_INLINE void store_narrowed(uint8_t* p, i32v a) {
  const v128_t shorts = wasm_u16x8_narrow_i32x4(a.v, a.v);
  wasm_v128_store32_lane(p, wasm_u8x16_narrow_i16x8(shorts, shorts), 0);
}
ALWAYS_INLINE i32v load_widened(const int16_t* p) { return {wasm_i32x4_load16x4(p)}; }
ALWAYS_INLINE void store_narrowed(int16_t* p, i32v a) { wasm_v128_store64_lane(p, wasm_i16x8_narrow_i32x4(a.v, a.v), 0); }
template <class Q>
ALWAYS_INLINE void store_rounded(Q* p, f32v a) {
  store_narrowed(p, round_within(a, broadcast(kLeast<Q>), broadcast(kLargest<Q>)));
}
}  // namespace

#include "quantize_partial.h"
