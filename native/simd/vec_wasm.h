// WebAssembly primitives, for files that are compiled with -msimd128. What an engine makes of an instruction is x86's or Arm's: pmin and
// pmax are one instruction on x86, where min and max, which see to NaN on either side, are eight.
#pragma once
#ifndef __wasm_simd128__
#error "compile this file with the flags of CMakeLists.txt"
#endif
#include <wasm_simd128.h>

#include <cstddef>

#include "unroll.h"

namespace {
constexpr int kVectorRegisters = 16;  // of x86; Arm has 32

struct f32v {
  static constexpr int N = 4;
  v128_t v;
};
ALWAYS_INLINE f32v load(const float* p) { return {wasm_v128_load(p)}; }
ALWAYS_INLINE void store(float* p, f32v a) { wasm_v128_store(p, a.v); }
// By halves: putting lanes together in memory would make the vector load wait for each of their stores.
ALWAYS_INLINE f32v load_partial(const float* p, size_t n) {
  if (!(n & 2)) return {n ? wasm_v128_load32_zero(p) : wasm_f32x4_const_splat(0)};
  const v128_t low = wasm_v128_load64_zero(p);
  return {n & 1 ? wasm_v128_load32_lane(p + 2, low, 2) : low};
}
ALWAYS_INLINE void store_partial(float* p, f32v a, size_t n) {
  if (n & 2) wasm_v128_store64_lane(p, a.v, 0);
  if (n == 1) wasm_v128_store32_lane(p, a.v, 0);
  if (n == 3) wasm_v128_store32_lane(p + 2, a.v, 2);
}
ALWAYS_INLINE f32v broadcast(float x) { return {wasm_f32x4_splat(x)}; }
ALWAYS_INLINE f32v add(f32v a, f32v b) { return {wasm_f32x4_add(a.v, b.v)}; }
ALWAYS_INLINE f32v sub(f32v a, f32v b) { return {wasm_f32x4_sub(a.v, b.v)}; }
ALWAYS_INLINE f32v mul(f32v a, f32v b) { return {wasm_f32x4_mul(a.v, b.v)}; }
ALWAYS_INLINE f32v multiply_add(f32v a, f32v b, f32v c) { return add(mul(a, b), c); }
// pmin and pmax return their first operand when either is NaN: a NaN in `datum` survives.
ALWAYS_INLINE f32v min(f32v limit, f32v datum) { return {wasm_f32x4_pmin(datum.v, limit.v)}; }
ALWAYS_INLINE f32v max(f32v limit, f32v datum) { return {wasm_f32x4_pmax(datum.v, limit.v)}; }
ALWAYS_INLINE f32v where_positive(f32v condition, f32v datum) {
  return {wasm_v128_and(wasm_f32x4_gt(condition.v, wasm_f32x4_const_splat(0)), datum.v)};
}
ALWAYS_INLINE f32v abs_diff(f32v a, f32v b) { return {wasm_f32x4_abs(wasm_f32x4_sub(a.v, b.v))}; }
struct FourColumns {
  f32v column[4];
};
ALWAYS_INLINE FourColumns transpose(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t low_ab = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), high_ab = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  const v128_t low_cd = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), high_cd = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  return {{{wasm_i64x2_shuffle(low_ab, low_cd, 0, 2)},
           {wasm_i64x2_shuffle(low_ab, low_cd, 1, 3)},
           {wasm_i64x2_shuffle(high_ab, high_cd, 0, 2)},
           {wasm_i64x2_shuffle(high_ab, high_cd, 1, 3)}}};
}
// Lane r is the sum of the lanes of rows[r].
ALWAYS_INLINE f32v reduce_rows(const f32v rows[4]) {
  const FourColumns lanes = transpose(rows[0].v, rows[1].v, rows[2].v, rows[3].v);
  return add(add(lanes.column[0], lanes.column[1]), add(lanes.column[2], lanes.column[3]));
}
ALWAYS_INLINE void load_columns(const float* p, size_t stride, f32v columns[4]) {
  const FourColumns all =
      transpose(wasm_v128_load(p), wasm_v128_load(p + stride), wasm_v128_load(p + 2 * stride), wasm_v128_load(p + 3 * stride));
  UNROLL for (int c = 0; c < 4; ++c) columns[c] = all.column[c];
}

// max + add is one instruction less than sub, and, add of x86, and as many as Arm's.
constexpr bool kL1NeedsSums = true;
ALWAYS_INLINE f32v l1_one() { return broadcast(1.0f); }
ALWAYS_INLINE f32v l1_accumulate(f32v sum, f32v x, f32v w, f32v) { return {wasm_f32x4_add(sum.v, wasm_f32x4_pmax(x.v, w.v))}; }
}  // namespace
