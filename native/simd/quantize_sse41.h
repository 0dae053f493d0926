// SSE4.1 primitives of quantization, beside integer_sse41.h.
#pragma once
#include "integer_sse41.h"
#include "quantize_limits.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {_mm_div_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v add_on_fma(f32v a, f32v b, f32v) { return add(a, b); }
ALWAYS_INLINE f32v to_float(i32v a) { return {_mm_cvtepi32_ps(a.v)}; }
// max gives its second operand where a is NaN; the conversion rounds halves to even.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_min, f32v q_max) { return {_mm_cvtps_epi32(_mm_min_ps(_mm_max_ps(a.v, q_min.v), q_max.v))}; }
ALWAYS_INLINE i32v load_widened(const uint8_t* p) {
  int word;
  __builtin_memcpy(&word, p, sizeof word);
  return {_mm_cvtepu8_epi32(_mm_cvtsi32_si128(word))};
}
ALWAYS_INLINE void store_narrowed(uint8_t* p, i32v a) {
  const __m128i shorts = _mm_packus_epi32(a.v, a.v);
  const int word = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));
  __builtin_memcpy(p, &word, sizeof word);
}
ALWAYS_INLINE i32v load_widened(const int16_t* p) { return {_mm_cvtepi16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))}; }
ALWAYS_INLINE void store_narrowed(int16_t* p, i32v a) { _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi32(a.v, a.v)); }
// What is too small, and NaN, which is the second operand of min, becomes the least int32, which packs to the least number of Q.
template <class Q>
ALWAYS_INLINE void store_rounded(Q* p, f32v a) {
  store_narrowed(p, {_mm_cvtps_epi32(_mm_min_ps(broadcast(kLargest<Q>).v, a.v))});
}
}  // namespace

#include "quantize_partial.h"
