// AVX-512 primitives for signs packed in bits. With VPOPCNTDQ an instruction counts the bits of each lane; without it a byte shuffle looks
// nibbles up, as in bits_avx2.h.
#pragma once
#include <cstdint>

#include "vec_avx512.h"

namespace {
struct b32v {
  static constexpr int N = 16;
  __m512i v;
};
ALWAYS_INLINE b32v load_words(const uint32_t* p) { return {_mm512_loadu_si512(p)}; }
ALWAYS_INLINE b32v broadcast_signs(uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
ALWAYS_INLINE b32v add(b32v a, b32v b) { return {_mm512_add_epi32(a.v, b.v)}; }
ALWAYS_INLINE b32v sub(b32v a, b32v b) { return {_mm512_sub_epi32(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(b32v a) { return {_mm512_cvtepi32_ps(a.v)}; }
ALWAYS_INLINE uint32_t negative_lanes(f32v a) { return _mm512_cmp_ps_mask(a.v, _mm512_setzero_ps(), _CMP_LT_OQ); }

#ifdef __AVX512VPOPCNTDQ__
constexpr int kSignsPerWord = 32;
constexpr int kCountRegisters = 2;                // x, x ^ w
constexpr size_t kMaxCountIterations = SIZE_MAX;  // counts fill their lanes
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  return {_mm512_add_epi32(counts.v, _mm512_popcnt_epi32(_mm512_xor_si512(x.v, w.v)))};
}
ALWAYS_INLINE b32v sum_bytes(b32v counts) { return counts; }
#else
constexpr int kSignsPerWord = 16;
constexpr int kCountRegisters = 3;          // x, x ^ w, the table
constexpr size_t kMaxCountIterations = 63;  // 63 * 4 < 256
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  const __m512i bits_of_nibble = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  return {_mm512_add_epi8(counts.v, _mm512_shuffle_epi8(bits_of_nibble, _mm512_xor_si512(x.v, w.v)))};
}
ALWAYS_INLINE b32v sum_bytes(b32v counts) {
  return {_mm512_madd_epi16(_mm512_maddubs_epi16(counts.v, _mm512_set1_epi8(1)), _mm512_set1_epi16(1))};
}
#endif
}  // namespace
