// AVX2 primitives for signs packed in bits: as bits_sse41.h, twice as wide. Nibbles that are split beforehand take 3 instructions, 6 for
// 256 signs; on whole bytes xor, two masks, a shift, two shuffles and two additions are 8.
#pragma once
#include <cstdint>

#include "vec_avx2.h"

namespace {
constexpr int kSignsPerWord = 16;
constexpr int kCountRegisters = 3;          // x, x ^ w, the table
constexpr size_t kMaxCountIterations = 63;  // 63 * 4 < 256

struct b32v {
  static constexpr int N = 8;
  __m256i v;
};
ALWAYS_INLINE b32v load_words(const uint32_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
ALWAYS_INLINE b32v broadcast_signs(uint32_t x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
ALWAYS_INLINE b32v add(b32v a, b32v b) { return {_mm256_add_epi32(a.v, b.v)}; }
ALWAYS_INLINE b32v sub(b32v a, b32v b) { return {_mm256_sub_epi32(a.v, b.v)}; }
ALWAYS_INLINE f32v to_float(b32v a) { return {_mm256_cvtepi32_ps(a.v)}; }
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  const __m256i bits_of_nibble = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  return {_mm256_add_epi8(counts.v, _mm256_shuffle_epi8(bits_of_nibble, _mm256_xor_si256(x.v, w.v)))};
}
ALWAYS_INLINE b32v sum_bytes(b32v counts) {
  return {_mm256_madd_epi16(_mm256_maddubs_epi16(counts.v, _mm256_set1_epi8(1)), _mm256_set1_epi16(1))};
}
ALWAYS_INLINE uint32_t negative_lanes(f32v a) {
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a.v, _mm256_setzero_ps(), _CMP_LT_OQ)));
}
}  // namespace
