// AVX2 primitives of quantization, beside integer_avx2.h.
#pragma once
#include "integer_avx2.h"
#include "quantize_limits.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {_mm256_div_ps(a.v, b.v)}; }
// The same sum by a multiply-add: rescaling keeps the ports of additions busy with conversions and leaves those of multiplications free.
ALWAYS_INLINE f32v add_on_fma(f32v a, f32v b, f32v one) { return multiply_add(a, one, b); }
ALWAYS_INLINE f32v to_float(i32v a) { return {_mm256_cvtepi32_ps(a.v)}; }
// max gives its second operand where a is NaN; the conversion rounds halves to even.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_min, f32v q_max) {
  return {_mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(a.v, q_min.v), q_max.v))};
}
ALWAYS_INLINE i32v load_widened(const uint8_t* p) { return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))}; }
ALWAYS_INLINE void store_narrowed(uint8_t* p, i32v a) {
  const __m128i shorts = _mm_packus_epi32(_mm256_castsi256_si128(a.v), _mm256_extracti128_si256(a.v, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(shorts, shorts));
}
ALWAYS_INLINE i32v load_widened(const int16_t* p) { return {_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))}; }
ALWAYS_INLINE void store_narrowed(int16_t* p, i32v a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packs_epi32(_mm256_castsi256_si128(a.v), _mm256_extracti128_si256(a.v, 1)));
}
// What is too small, and NaN, which is the second operand of min, becomes the least int32, which packs to the least number of Q.
template <class Q>
ALWAYS_INLINE void store_rounded(Q* p, f32v a) {
  store_narrowed(p, {_mm256_cvtps_epi32(_mm256_min_ps(broadcast(kLargest<Q>).v, a.v))});
}
}  // namespace

#include "quantize_partial.h"
