// Scalar primitives of quantization, beside integer_scalar.h: the plainest statement of what each means.
#pragma once
#include "integer_scalar.h"
#include "quantize_limits.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {a.v / b.v}; }
// a + b, where `one` is l1_one()
ALWAYS_INLINE f32v add_on_fma(f32v a, f32v b, f32v) { return add(a, b); }
ALWAYS_INLINE f32v to_float(i32v a) { return {static_cast<float>(a.v)}; }
// The integer nearest to a within [q_min, q_max], a half to the even one; NaN gives q_min. The range lies within [-2^22, 2^22]: floats from
// 2^23 to 2^24 are the integers, so that adding 3 * 2^22 rounds.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_min, f32v q_max) {
  constexpr float kOnlyIntegers = 3 << 22;
  const float clamped = min(q_max, {a.v > q_min.v ? a.v : q_min.v}).v;
  return {static_cast<int32_t>(clamped + kOnlyIntegers - kOnlyIntegers)};
}
// N quantized numbers, as int32
template <class Q>
ALWAYS_INLINE i32v load_widened(const Q* p) {
  return {*p};
}
template <class Q>
ALWAYS_INLINE i32v load_partial_widened(const Q* p, size_t n) {  // n < N lanes, the rest 0
  return {n ? *p : 0};
}
// Lanes that Q holds
template <class Q>
ALWAYS_INLINE void store_narrowed(Q* p, i32v a) {
  *p = static_cast<Q>(a.v);
}
template <class Q>
ALWAYS_INLINE void store_partial_narrowed(Q* p, i32v a, size_t n) {
  if (n) store_narrowed(p, a);
}
// store_narrowed of round_within all numbers of Q, whose ends a narrowing may have
template <class Q>
ALWAYS_INLINE void store_rounded(Q* p, f32v a) {
  store_narrowed(p, round_within(a, broadcast(kLeast<Q>), broadcast(kLargest<Q>)));
}
}  // namespace
