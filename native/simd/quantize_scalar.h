// Scalar primitives of quantization, beside integer_scalar.h: the plainest statement of what each means.
#pragma once
#include "integer_scalar.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {a.v / b.v}; }
ALWAYS_INLINE f32v to_float(i32v a) { return {static_cast<float>(a.v)}; }
// The integer nearest to a within [0, q_max], a half to the even one; NaN gives 0. 0 <= q_max < 2^23: floats from 2^23 to 2^24 are the
// integers, so that adding 2^23 rounds.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_max) {
  constexpr float kOnlyIntegers = 1 << 23;
  const float clamped = min(q_max, {a.v > 0.0f ? a.v : 0.0f}).v;
  return {static_cast<int32_t>(clamped + kOnlyIntegers - kOnlyIntegers)};
}
// N bytes, without sign
ALWAYS_INLINE i32v load_bytes(const uint8_t* p) { return {*p}; }
ALWAYS_INLINE i32v load_partial_bytes(const uint8_t* p, size_t n) { return {n ? *p : 0}; }  // n < N lanes, the rest 0
// Lanes within [0, 255]
ALWAYS_INLINE void store_bytes(uint8_t* p, i32v a) { *p = static_cast<uint8_t>(a.v); }
ALWAYS_INLINE void store_partial_bytes(uint8_t* p, i32v a, size_t n) {
  if (n) store_bytes(p, a);
}
}  // namespace
