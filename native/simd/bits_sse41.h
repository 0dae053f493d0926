// SSE4.1 primitives for signs packed in bits: there is no instruction that counts bits, but a byte shuffle looks sixteen nibbles up at
// once. Signs are stored four to a byte, so that a micro-op is xor, shuffle, add.
#pragma once
#include <cstdint>

#include "vec_sse41.h"

namespace {
constexpr int kSignsPerWord = 16;
constexpr int kCountRegisters = 3;          // x, x ^ w, the table
constexpr size_t kMaxCountIterations = 63;  // 63 * 4 < 256

struct b32v {
  static constexpr int N = 4;
  __m128i v;
};
ALWAYS_INLINE b32v load_words(const uint32_t* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }
ALWAYS_INLINE b32v broadcast_signs(uint32_t x) { return {_mm_set1_epi32(static_cast<int>(x))}; }
ALWAYS_INLINE b32v add(b32v a, b32v b) { return {_mm_add_epi32(a.v, b.v)}; }
ALWAYS_INLINE b32v sub(b32v a, b32v b) { return {_mm_sub_epi32(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(b32v a) { return {_mm_cvtepi32_ps(a.v)}; }
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  const __m128i bits_of_nibble = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  return {_mm_add_epi8(counts.v, _mm_shuffle_epi8(bits_of_nibble, _mm_xor_si128(x.v, w.v)))};
}
ALWAYS_INLINE b32v sum_bytes(b32v counts) { return {_mm_madd_epi16(_mm_maddubs_epi16(counts.v, _mm_set1_epi8(1)), _mm_set1_epi16(1))}; }
ALWAYS_INLINE uint32_t negative_lanes(f32v a) { return static_cast<uint32_t>(_mm_movemask_ps(_mm_cmplt_ps(a.v, _mm_setzero_ps()))); }
}  // namespace
