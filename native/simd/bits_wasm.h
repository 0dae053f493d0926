// WebAssembly primitives for signs packed in bits: popcnt counts the bits of each byte.
#pragma once
#include <cstdint>

#include "vec_wasm.h"

namespace {
constexpr int kSignsPerWord = 32;
constexpr int kCountRegisters = 4;          // x, x ^ w, and what popcnt takes on x86
constexpr size_t kMaxCountIterations = 31;  // 31 * 8 < 256

struct b32v {
  static constexpr int N = 4;
  v128_t v;
};
ALWAYS_INLINE b32v load_words(const uint32_t* p) { return {wasm_v128_load(p)}; }
ALWAYS_INLINE b32v broadcast_signs(uint32_t x) { return {wasm_u32x4_splat(x)}; }
ALWAYS_INLINE b32v add(b32v a, b32v b) { return {wasm_i32x4_add(a.v, b.v)}; }
ALWAYS_INLINE b32v sub(b32v a, b32v b) { return {wasm_i32x4_sub(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(b32v a) { return {wasm_f32x4_convert_i32x4(a.v)}; }
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  return {wasm_i8x16_add(counts.v, wasm_i8x16_popcnt(wasm_v128_xor(x.v, w.v)))};
}
ALWAYS_INLINE b32v sum_bytes(b32v counts) { return {wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(counts.v))}; }
ALWAYS_INLINE uint32_t negative_lanes(f32v a) { return wasm_i32x4_bitmask(wasm_f32x4_lt(a.v, wasm_f32x4_const_splat(0))); }
}  // namespace
