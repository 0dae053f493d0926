// SSE4.1 primitives, for files that are compiled for SSE4.1.
#pragma once
#ifndef __SSE4_1__
#error "compile this file with the SSE4.1 flags of CMakeLists.txt"
#endif
#include <smmintrin.h>

#include <cstddef>

#include "unroll.h"

namespace {
constexpr int kVectorRegisters = 16;

struct f32v {
  static constexpr int N = 4;
  __m128 v;
};
ALWAYS_INLINE f32v load(const float* p) { return {_mm_loadu_ps(p)}; }
ALWAYS_INLINE void store(float* p, f32v a) { _mm_storeu_ps(p, a.v); }
// By halves: putting lanes together in memory would make the vector load wait for each of their stores.
ALWAYS_INLINE f32v load_partial(const float* p, size_t n) {
  const __m128 zero = _mm_setzero_ps();
  if (!(n & 2)) return {n ? _mm_load_ss(p) : zero};
  const __m128 low = _mm_loadl_pi(zero, reinterpret_cast<const __m64*>(p));
  return {n & 1 ? _mm_movelh_ps(low, _mm_load_ss(p + 2)) : low};
}
ALWAYS_INLINE void store_partial(float* p, f32v a, size_t n) {
  if (n & 2) _mm_storel_pi(reinterpret_cast<__m64*>(p), a.v);
  if (n & 1) _mm_store_ss(p + (n & 2), n & 2 ? _mm_movehl_ps(a.v, a.v) : a.v);
}
ALWAYS_INLINE f32v broadcast(float x) { return {_mm_set1_ps(x)}; }
ALWAYS_INLINE f32v add(f32v a, f32v b) { return {_mm_add_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v sub(f32v a, f32v b) { return {_mm_sub_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v mul(f32v a, f32v b) { return {_mm_mul_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v multiply_add(f32v a, f32v b, f32v c) { return add(mul(a, b), c); }
// x86 min and max return their second operand when either is NaN: a NaN in `datum` survives.
ALWAYS_INLINE f32v min(f32v limit, f32v datum) { return {_mm_min_ps(limit.v, datum.v)}; }
ALWAYS_INLINE f32v max(f32v limit, f32v datum) { return {_mm_max_ps(limit.v, datum.v)}; }
ALWAYS_INLINE f32v where_positive(f32v condition, f32v datum) { return {_mm_and_ps(_mm_cmpgt_ps(condition.v, _mm_setzero_ps()), datum.v)}; }
ALWAYS_INLINE f32v abs_diff(f32v a, f32v b) { return {_mm_andnot_ps(_mm_set1_ps(-0.0f), _mm_sub_ps(a.v, b.v))}; }
// Lane r is the sum of the lanes of rows[r].
ALWAYS_INLINE f32v reduce_rows(const f32v rows[4]) {
  __m128 a = rows[0].v, b = rows[1].v, c = rows[2].v, d = rows[3].v;
  _MM_TRANSPOSE4_PS(a, b, c, d);
  return {_mm_add_ps(_mm_add_ps(a, b), _mm_add_ps(c, d))};
}
ALWAYS_INLINE void load_columns(const float* p, size_t stride, f32v columns[4]) {
  __m128 row[4];
  UNROLL for (size_t r = 0; r < 4; ++r) row[r] = _mm_loadu_ps(p + r * stride);
  _MM_TRANSPOSE4_PS(row[0], row[1], row[2], row[3]);
  UNROLL for (int c = 0; c < 4; ++c) columns[c].v = row[c];
}

// max + add is one instruction less than sub, and, add.
constexpr bool kL1NeedsSums = true;
ALWAYS_INLINE f32v l1_one() { return broadcast(1.0f); }
ALWAYS_INLINE f32v l1_accumulate(f32v sum, f32v x, f32v w, f32v) { return {_mm_add_ps(sum.v, _mm_max_ps(w.v, x.v))}; }
}  // namespace
