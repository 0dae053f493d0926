// WebAssembly primitives of integer tiles, beside vec_wasm.h.
#pragma once
#include <cstdint>

#include "vec_wasm.h"
#include "partial_lanes.h"

namespace {
struct i8v {
  static constexpr int kBytes = 16;
  v128_t v;
};
struct i32v {
  static constexpr int N = 4;
  v128_t v;
};
ALWAYS_INLINE i8v load(const unsigned char* p) { return {wasm_v128_load(p)}; }
ALWAYS_INLINE i8v broadcast_group(uint32_t x) { return {wasm_u32x4_splat(x)}; }
ALWAYS_INLINE i8v bit_and(i8v a, i8v b) { return {wasm_v128_and(a.v, b.v)}; }
ALWAYS_INLINE i32v broadcast_i32(int32_t x) { return {wasm_i32x4_splat(x)}; }
ALWAYS_INLINE i32v load(const int32_t* p) { return {wasm_v128_load(p)}; }
ALWAYS_INLINE void store(int32_t* p, i32v a) { wasm_v128_store(p, a.v); }
ALWAYS_INLINE i32v load_partial(const int32_t* p, size_t n) {
  return load_lanes<i32v::N>(p, n, [](const int32_t* lanes) { return load(lanes); });
}
ALWAYS_INLINE void store_partial(int32_t* p, i32v a, size_t n) {
  store_lanes<i32v::N>(p, n, [a](int32_t* lanes) { store(lanes, a); });
}
ALWAYS_INLINE i32v add(i32v a, i32v b) { return {wasm_i32x4_add(a.v, b.v)}; }
ALWAYS_INLINE i32v sub(i32v a, i32v b) { return {wasm_i32x4_sub(a.v, b.v)}; }
ALWAYS_INLINE i32v shift_left(i32v a, int n) { return {wasm_i32x4_shl(a.v, static_cast<uint32_t>(n))}; }
ALWAYS_INLINE i32v shift_right(i32v a, int n) { return {wasm_i32x4_shr(a.v, static_cast<uint32_t>(n))}; }
// The sums of neighbors: the pairs of a, then those of b.
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) {
  return {wasm_i32x4_add(wasm_i32x4_shuffle(a.v, b.v, 0, 2, 4, 6), wasm_i32x4_shuffle(a.v, b.v, 1, 3, 5, 7))};
}
ALWAYS_INLINE i8v broadcast_i16(int16_t x) { return {wasm_i16x8_splat(x)}; }
ALWAYS_INLINE i8v max_u8(i8v a, i8v b) { return {wasm_u8x16_max(a.v, b.v)}; }
ALWAYS_INLINE i8v max_i16(i8v a, i8v b) { return {wasm_i16x8_max(a.v, b.v)}; }
ALWAYS_INLINE i8v add_i16(i8v a, i8v b) { return {wasm_i16x8_add(a.v, b.v)}; }
ALWAYS_INLINE i8v add_u8_pairs(i8v a) { return {wasm_u16x8_extadd_pairwise_u8x16(a.v)}; }    // of uint8, in lanes of 16 bits
ALWAYS_INLINE i32v add_u16_pairs(i8v a) { return {wasm_u32x4_extadd_pairwise_u16x8(a.v)}; }  // of uint16, in lanes of 32 bits
ALWAYS_INLINE i32v madd_i16(i8v a, i8v b) { return {wasm_i32x4_dot_i16x8(a.v, b.v)}; }       // pairs of int16 products, added up

// Sums of rows of bytes and of int16, in lanes of 32 bits.
struct ByteRowSum {
  static constexpr size_t kElems = 16;
  i32v v;
  ALWAYS_INLINE void add(const uint8_t* p) { v = ::add(v, add_u16_pairs(add_u8_pairs(load(p)))); }
};
struct ShortRowSum {
  static constexpr size_t kElems = 8;
  i32v v;
  ALWAYS_INLINE void add(const int16_t* p) { v.v = wasm_i32x4_add(v.v, wasm_i32x4_extadd_pairwise_i16x8(wasm_v128_load(p))); }
};
template <class Sum>
ALWAYS_INLINE void store_row_sums(int32_t lanes[4], const Sum (&sum)[4]) {
  store(lanes, add_pairs(add_pairs(sum[0].v, sum[1].v), add_pairs(sum[2].v, sum[3].v)));
}
// Lane i is the sum of the bytes [16i, 16i + 16).
ALWAYS_INLINE i32v sums_of_16_bytes(const unsigned char* p) {
  i32v of_4[4];
  UNROLL for (int i = 0; i < 4; ++i) of_4[i] = add_u16_pairs(add_u8_pairs(load(p + i * i8v::kBytes)));
  return add_pairs(add_pairs(of_4[0], of_4[1]), add_pairs(of_4[2], of_4[3]));
}

struct i16v {
  static constexpr size_t N = 8;
  v128_t v;
};
ALWAYS_INLINE i16v load_i16(const uint8_t* p) { return {wasm_u16x8_load8x8(p)}; }
ALWAYS_INLINE i16v load_i16(const int16_t* p) { return {wasm_v128_load(p)}; }
ALWAYS_INLINE i16v broadcast_lanes(int16_t x) { return {wasm_i16x8_splat(x)}; }
ALWAYS_INLINE i16v add(i16v a, i16v b) { return {wasm_i16x8_add(a.v, b.v)}; }
ALWAYS_INLINE i16v sub(i16v a, i16v b) { return {wasm_i16x8_sub(a.v, b.v)}; }
ALWAYS_INLINE i16v shift_right(i16v a, int n) { return {wasm_i16x8_shr(a.v, static_cast<uint32_t>(n))}; }
ALWAYS_INLINE void store_i16(int16_t* p, i16v a) { wasm_v128_store(p, a.v); }
ALWAYS_INLINE void store_i16(uint8_t* p, i16v a) { wasm_v128_store64_lane(p, wasm_u8x16_narrow_i16x8(a.v, a.v), 0); }  // saturated
}  // namespace
