// Scalar primitives of integer tiles, beside vec_scalar.h. A k-group is one element, widened to int16; a vector is one channel.
#pragma once
#include <cstdint>

#include "vec_scalar.h"

namespace {
struct i8v {
  static constexpr int kBytes = 2;
  int32_t v;
};
struct i32v {
  static constexpr int N = 1;
  int32_t v;
};
ALWAYS_INLINE i8v broadcast_group(uint16_t x) { return {static_cast<int16_t>(x)}; }  // the same k-group in every lane
ALWAYS_INLINE i8v load(const unsigned char* p) {                                     // any alignment
  uint16_t group;
  __builtin_memcpy(&group, p, sizeof group);
  return broadcast_group(group);
}
ALWAYS_INLINE i8v bit_and(i8v a, i8v b) { return {a.v & b.v}; }
ALWAYS_INLINE i32v broadcast_i32(int32_t x) { return {x}; }
ALWAYS_INLINE i32v load(const int32_t* p) { return {*p}; }
ALWAYS_INLINE void store(int32_t* p, i32v a) { *p = a.v; }
ALWAYS_INLINE i32v load_partial(const int32_t* p, size_t n) { return {n ? *p : 0}; }  // n < N lanes, the rest 0; touches nothing beyond
ALWAYS_INLINE void store_partial(int32_t* p, i32v a, size_t n) {
  if (n) *p = a.v;
}
ALWAYS_INLINE i32v zero() { return {0}; }
ALWAYS_INLINE i32v add(i32v a, i32v b) { return {a.v + b.v}; }
ALWAYS_INLINE i32v shift_left(i32v a, int n) { return {static_cast<int32_t>(static_cast<uint32_t>(a.v) << n)}; }
ALWAYS_INLINE i32v shift_right(i32v a, int n) { return {a.v >> n}; }  // of the sign, too
ALWAYS_INLINE i32v sub(i32v a, i32v b) { return {a.v - b.v}; }
ALWAYS_INLINE i32v abs_diff(i8v a, i8v b) { return {a.v < b.v ? b.v - a.v : a.v - b.v}; }
ALWAYS_INLINE i32v mul(i8v a, i8v b) { return {a.v * b.v}; }

struct i16v {
  static constexpr size_t N = 1;
  int16_t v;
};
ALWAYS_INLINE i16v load_i16(const uint8_t* p) { return {*p}; }
ALWAYS_INLINE i16v load_i16(const int16_t* p) { return {*p}; }
ALWAYS_INLINE i16v broadcast_lanes(int16_t x) { return {x}; }
ALWAYS_INLINE i16v add(i16v a, i16v b) { return {static_cast<int16_t>(a.v + b.v)}; }
ALWAYS_INLINE i16v sub(i16v a, i16v b) { return {static_cast<int16_t>(a.v - b.v)}; }
ALWAYS_INLINE i16v shift_right(i16v a, int n) { return {static_cast<int16_t>(a.v >> n)}; }
ALWAYS_INLINE void store_i16(int16_t* p, i16v a) { *p = a.v; }
ALWAYS_INLINE void store_i16(uint8_t* p, i16v a) { *p = static_cast<uint8_t>(a.v < 0 ? 0 : a.v > 255 ? 255 : a.v); }  // saturated
}  // namespace
