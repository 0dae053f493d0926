// AVX-512 primitives of quantization, beside integer_avx512.h.
#pragma once
#include "integer_avx512.h"
#include "quantize_limits.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {_mm512_div_ps(a.v, b.v)}; }
// The same sum by a multiply-add: rescaling keeps the ports of additions busy with conversions and leaves those of multiplications free.
ALWAYS_INLINE f32v add_on_fma(f32v a, f32v b, f32v one) { return multiply_add(a, one, b); }
ALWAYS_INLINE f32v to_float(i32v a) { return {_mm512_cvtepi32_ps(a.v)}; }
// max gives its second operand where a is NaN; the conversion rounds halves to even.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_min, f32v q_max) {
  return {_mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(a.v, q_min.v), q_max.v))};
}
ALWAYS_INLINE i32v load_widened(const uint8_t* p) { return {_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))}; }
ALWAYS_INLINE void store_narrowed(uint8_t* p, i32v a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a.v)); }
ALWAYS_INLINE i32v load_partial_widened(const uint8_t* p, size_t n) {
  return {_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lane_mask(n), p))};
}
ALWAYS_INLINE void store_partial_narrowed(uint8_t* p, i32v a, size_t n) { _mm512_mask_cvtepi32_storeu_epi8(p, lane_mask(n), a.v); }

ALWAYS_INLINE i32v load_widened(const int16_t* p) {
  return {_mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
ALWAYS_INLINE void store_narrowed(int16_t* p, i32v a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(a.v)); }
ALWAYS_INLINE i32v load_partial_widened(const int16_t* p, size_t n) {
  return {_mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(lane_mask(n), p))};
}
ALWAYS_INLINE void store_partial_narrowed(int16_t* p, i32v a, size_t n) { _mm512_mask_cvtepi32_storeu_epi16(p, lane_mask(n), a.v); }

// What is too large for int32 becomes 0x80000000: as a number without sign it narrows to 255. Of int16, where what is too small and NaN,
// the second operand of min, become the same, it is a number with sign, which narrows to -32768.
ALWAYS_INLINE void store_rounded(uint8_t* p, f32v a) {
  const __m512i q = _mm512_cvtps_epi32(_mm512_max_ps(a.v, _mm512_setzero_ps()));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtusepi32_epi8(q));
}
ALWAYS_INLINE void store_rounded(int16_t* p, f32v a) {
  const __m512i q = _mm512_cvtps_epi32(_mm512_min_ps(broadcast(kLargest<int16_t>).v, a.v));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtsepi32_epi16(q));
}
}  // namespace
