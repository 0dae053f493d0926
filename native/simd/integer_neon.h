// NEON primitives of integer tiles, beside vec_neon.h.
#pragma once
#include <cstdint>

#include "vec_neon.h"
#include "partial_lanes.h"

namespace {
struct i8v {
  static constexpr int kBytes = 16;
  uint8x16_t v;
};
struct i32v {
  static constexpr int N = 4;
  int32x4_t v;
};
ALWAYS_INLINE i8v load(const unsigned char* p) { return {vld1q_u8(p)}; }
ALWAYS_INLINE i8v broadcast_group(uint32_t x) { return {vreinterpretq_u8_u32(vdupq_n_u32(x))}; }
ALWAYS_INLINE i8v broadcast_group(uint16_t x) { return {vreinterpretq_u8_u16(vdupq_n_u16(x))}; }
ALWAYS_INLINE i8v bit_and(i8v a, i8v b) { return {vandq_u8(a.v, b.v)}; }
ALWAYS_INLINE i32v broadcast_i32(int32_t x) { return {vdupq_n_s32(x)}; }
ALWAYS_INLINE i32v load(const int32_t* p) { return {vld1q_s32(p)}; }
ALWAYS_INLINE void store(int32_t* p, i32v a) { vst1q_s32(p, a.v); }
ALWAYS_INLINE i32v load_partial(const int32_t* p, size_t n) {
  return load_lanes<i32v::N>(p, n, [](const int32_t* lanes) { return load(lanes); });
}
ALWAYS_INLINE void store_partial(int32_t* p, i32v a, size_t n) {
  store_lanes<i32v::N>(p, n, [a](int32_t* lanes) { store(lanes, a); });
}
ALWAYS_INLINE i32v add(i32v a, i32v b) { return {vaddq_s32(a.v, b.v)}; }
ALWAYS_INLINE i32v sub(i32v a, i32v b) { return {vsubq_s32(a.v, b.v)}; }
ALWAYS_INLINE i32v shift_left(i32v a, int n) { return {vshlq_s32(a.v, vdupq_n_s32(n))}; }
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) { return {vpaddq_s32(a.v, b.v)}; }
ALWAYS_INLINE i32v shift_right(i32v a, int n) { return {vshlq_s32(a.v, vdupq_n_s32(-n))}; }
ALWAYS_INLINE i32v negate(i32v a) { return {vnegq_s32(a.v)}; }

struct u16v {
  uint16x8_t v;
};
// sum + pairs of |x - w|, bytes without sign into lanes of 16 bits
ALWAYS_INLINE u16v add_distances8(u16v sum, i8v x, i8v w) { return {vpadalq_u8(sum.v, vabdq_u8(x.v, w.v))}; }
ALWAYS_INLINE void widen(u16v a, i32v& low, i32v& high) {
  low.v = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(a.v)));
  high.v = vreinterpretq_s32_u32(vmovl_high_u16(a.v));
}
// sum + pairs of |x - w|, int16 into lanes of 32 bits. A distance up to 65535 has the right bits without sign.
ALWAYS_INLINE i32v add_distances16(i32v sum, i8v x, i8v w) {
  const int16x8_t distance = vabdq_s16(vreinterpretq_s16_u8(x.v), vreinterpretq_s16_u8(w.v));
  return {vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(sum.v), vreinterpretq_u16_s16(distance)))};
}
// Lanes 0 to 3 and 4 to 7 of sum + x * w, int16 into 32 bits.
struct i32pair {
  int32x4_t low, high;
};
ALWAYS_INLINE i32pair add_products16(i32pair sum, i8v x, i8v w) {
  const int16x8_t a = vreinterpretq_s16_u8(x.v), b = vreinterpretq_s16_u8(w.v);
  return {vmlal_s16(sum.low, vget_low_s16(a), vget_low_s16(b)), vmlal_high_s16(sum.high, a, b)};
}

struct i16v {
  static constexpr size_t N = 8;
  int16x8_t v;
};
ALWAYS_INLINE i16v load_i16(const uint8_t* p) { return {vreinterpretq_s16_u16(vmovl_u8(vld1_u8(p)))}; }
ALWAYS_INLINE i16v load_i16(const int16_t* p) { return {vld1q_s16(p)}; }
ALWAYS_INLINE i16v broadcast_lanes(int16_t x) { return {vdupq_n_s16(x)}; }
ALWAYS_INLINE i16v add(i16v a, i16v b) { return {vaddq_s16(a.v, b.v)}; }
ALWAYS_INLINE i16v sub(i16v a, i16v b) { return {vsubq_s16(a.v, b.v)}; }
ALWAYS_INLINE i16v shift_right(i16v a, int n) { return {vshlq_s16(a.v, vdupq_n_s16(static_cast<int16_t>(-n)))}; }
ALWAYS_INLINE void store_i16(int16_t* p, i16v a) { vst1q_s16(p, a.v); }
ALWAYS_INLINE void store_i16(uint8_t* p, i16v a) { vst1_u8(p, vqmovun_s16(a.v)); }  // saturated
}  // namespace
