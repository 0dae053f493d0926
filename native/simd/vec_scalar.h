// Scalar primitives: the fallback, and the plainest statement of what each one means.
#pragma once
#include <cstddef>

#include "unroll.h"

namespace {
constexpr int kVectorRegisters = 16;

struct f32v {
  static constexpr int N = 1;  // lanes
  float v;
};
ALWAYS_INLINE f32v load(const float* p) { return {*p}; }  // any alignment
ALWAYS_INLINE void store(float* p, f32v a) { *p = a.v; }
ALWAYS_INLINE f32v load_partial(const float* p, size_t n) { return {n ? *p : 0.0f}; }  // n < N lanes, the rest 0; touches nothing beyond
ALWAYS_INLINE void store_partial(float* p, f32v a, size_t n) {
  if (n) *p = a.v;
}
ALWAYS_INLINE f32v broadcast(float x) { return {x}; }
ALWAYS_INLINE f32v add(f32v a, f32v b) { return {a.v + b.v}; }
ALWAYS_INLINE f32v sub(f32v a, f32v b) { return {a.v - b.v}; }
ALWAYS_INLINE f32v mul(f32v a, f32v b) { return {a.v * b.v}; }
ALWAYS_INLINE f32v multiply_add(f32v a, f32v b, f32v c) { return {a.v * b.v + c.v}; }  // fused where the instruction set can
// A NaN in `datum` survives: as on x86, the second operand is returned when either is NaN.
ALWAYS_INLINE f32v min(f32v limit, f32v datum) { return {limit.v < datum.v ? limit.v : datum.v}; }
ALWAYS_INLINE f32v max(f32v limit, f32v datum) { return {limit.v > datum.v ? limit.v : datum.v}; }
// The datum where the condition is above 0, else 0: a NaN condition gives 0.
ALWAYS_INLINE f32v where_positive(f32v condition, f32v datum) { return {condition.v > 0.0f ? datum.v : 0.0f}; }
ALWAYS_INLINE f32v abs_diff(f32v a, f32v b) { return {__builtin_fabsf(a.v - b.v)}; }
// Lane r is the sum of the lanes of rows[r].
ALWAYS_INLINE f32v reduce_rows(const f32v rows[1]) { return rows[0]; }
// columns[c] lane r = p[r * stride + c], r < N, c < 4: a block of a transposition.
ALWAYS_INLINE void load_columns(const float* p, size_t, f32v columns[4]) { UNROLL for (int c = 0; c < 4; ++c) columns[c].v = p[c]; }

// The micro-op of sum |x - w|. Where kL1NeedsSums is set it only adds max(x, w), and sum x and sum w are taken off at the end.
constexpr bool kL1NeedsSums = false;
ALWAYS_INLINE f32v l1_one() { return {1.0f}; }
ALWAYS_INLINE f32v l1_accumulate(f32v sum, f32v x, f32v w, f32v) { return add(sum, abs_diff(x, w)); }
}  // namespace
