// SSE4.1 primitives of quantization, beside integer_sse41.h.
#pragma once
#include "integer_sse41.h"
#include "partial_lanes.h"

namespace {
ALWAYS_INLINE f32v div(f32v a, f32v b) { return {_mm_div_ps(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(i32v a) { return {_mm_cvtepi32_ps(a.v)}; }
// max gives its second operand, 0, where a is NaN; the conversion rounds halves to even.
ALWAYS_INLINE i32v round_within(f32v a, f32v q_max) { return {_mm_cvtps_epi32(_mm_min_ps(_mm_max_ps(a.v, _mm_setzero_ps()), q_max.v))}; }
ALWAYS_INLINE i32v load_bytes(const uint8_t* p) {
  int word;
  __builtin_memcpy(&word, p, sizeof word);
  return {_mm_cvtepu8_epi32(_mm_cvtsi32_si128(word))};
}
ALWAYS_INLINE void store_bytes(uint8_t* p, i32v a) {
  const __m128i shorts = _mm_packus_epi32(a.v, a.v);
  const int word = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));
  __builtin_memcpy(p, &word, sizeof word);
}
ALWAYS_INLINE i32v load_partial_bytes(const uint8_t* p, size_t n) {
  return load_lanes<i32v::N>(p, n, [](const uint8_t* lanes) { return load_bytes(lanes); });
}
ALWAYS_INLINE void store_partial_bytes(uint8_t* p, i32v a, size_t n) {
  store_lanes<i32v::N>(p, n, [a](uint8_t* lanes) { store_bytes(lanes, a); });
}
}  // namespace
