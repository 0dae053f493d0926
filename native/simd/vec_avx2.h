// AVX2 + FMA primitives, for files that are compiled for AVX2.
#pragma once
#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with the AVX2 flags of CMakeLists.txt"
#endif
#include <immintrin.h>

#include <cstddef>

#include "unroll.h"

namespace {
constexpr int kVectorRegisters = 16;

struct f32v {
  static constexpr int N = 8;
  __m256 v;
};
ALWAYS_INLINE __m256i lane_mask(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
ALWAYS_INLINE f32v load(const float* p) { return {_mm256_loadu_ps(p)}; }
ALWAYS_INLINE void store(float* p, f32v a) { _mm256_storeu_ps(p, a.v); }
ALWAYS_INLINE f32v load_partial(const float* p, size_t n) { return {_mm256_maskload_ps(p, lane_mask(n))}; }
ALWAYS_INLINE void store_partial(float* p, f32v a, size_t n) { _mm256_maskstore_ps(p, lane_mask(n), a.v); }
ALWAYS_INLINE f32v broadcast(float x) { return {_mm256_set1_ps(x)}; }
ALWAYS_INLINE f32v add(f32v a, f32v b) { return {_mm256_add_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v sub(f32v a, f32v b) { return {_mm256_sub_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v mul(f32v a, f32v b) { return {_mm256_mul_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v multiply_add(f32v a, f32v b, f32v c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
// x86 min and max return their second operand when either is NaN: a NaN in `datum` survives.
ALWAYS_INLINE f32v min(f32v limit, f32v datum) { return {_mm256_min_ps(limit.v, datum.v)}; }
ALWAYS_INLINE f32v max(f32v limit, f32v datum) { return {_mm256_max_ps(limit.v, datum.v)}; }
ALWAYS_INLINE f32v where_positive(f32v condition, f32v datum) {
  return {_mm256_and_ps(_mm256_cmp_ps(condition.v, _mm256_setzero_ps(), _CMP_GT_OQ), datum.v)};
}
ALWAYS_INLINE f32v abs_diff(f32v a, f32v b) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(a.v, b.v))}; }
// Lane r is the sum of the lanes of rows[r]: pairs of rows are halved together, within the halves of a register, then the halves meet.
ALWAYS_INLINE f32v reduce_rows(const f32v rows[8]) {
  __m256 four[2];
  UNROLL for (int i = 0; i < 2; ++i) four[i] =
      _mm256_hadd_ps(_mm256_hadd_ps(rows[4 * i].v, rows[4 * i + 1].v), _mm256_hadd_ps(rows[4 * i + 2].v, rows[4 * i + 3].v));
  return {_mm256_add_ps(_mm256_permute2f128_ps(four[0], four[1], 0x20), _mm256_permute2f128_ps(four[0], four[1], 0x31))};
}
// Row r + 4 goes to the upper half of register r, so that the in-lane unpacks transpose both halves at once.
ALWAYS_INLINE void load_columns(const float* p, size_t stride, f32v columns[4]) {
  __m256 row[4];
  UNROLL for (size_t r = 0; r < 4; ++r) row[r] =
      _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + r * stride)), _mm_loadu_ps(p + (r + 4) * stride), 1);
  const __m256d low01 = _mm256_castps_pd(_mm256_unpacklo_ps(row[0], row[1])), high01 = _mm256_castps_pd(_mm256_unpackhi_ps(row[0], row[1]));
  const __m256d low23 = _mm256_castps_pd(_mm256_unpacklo_ps(row[2], row[3])), high23 = _mm256_castps_pd(_mm256_unpackhi_ps(row[2], row[3]));
  columns[0].v = _mm256_castpd_ps(_mm256_unpacklo_pd(low01, low23));
  columns[1].v = _mm256_castpd_ps(_mm256_unpackhi_pd(low01, low23));
  columns[2].v = _mm256_castpd_ps(_mm256_unpacklo_pd(high01, high23));
  columns[3].v = _mm256_castpd_ps(_mm256_unpackhi_pd(high01, high23));
}

// max runs on the add ports, FMA on two others: adding through FMA doubles the rate on Zen 3 to 5, and on Intel two instructions
// replace three. `one` is opaque, so that no compiler turns the FMA back into an add.
constexpr bool kL1NeedsSums = true;
ALWAYS_INLINE f32v l1_one() {
  f32v one = broadcast(1.0f);
  asm("" : "+x"(one.v));
  return one;
}
ALWAYS_INLINE f32v l1_accumulate(f32v sum, f32v x, f32v w, f32v one) { return {_mm256_fmadd_ps(_mm256_max_ps(w.v, x.v), one.v, sum.v)}; }
}  // namespace
