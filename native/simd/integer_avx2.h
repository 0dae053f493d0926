// AVX2 primitives of integer tiles, beside vec_avx2.h.
#pragma once
#include <cstdint>

#include "vec_avx2.h"

namespace {
struct i8v {
  static constexpr int kBytes = 32;
  __m256i v;
};
struct i32v {
  static constexpr int N = 8;
  __m256i v;
};
// A k-group of int16, a lane of sums.
using ShortGroup = uint32_t;
ALWAYS_INLINE i8v load(const unsigned char* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
ALWAYS_INLINE i8v broadcast_group(uint64_t x) { return {_mm256_set1_epi64x(static_cast<long long>(x))}; }
ALWAYS_INLINE i8v broadcast_group(uint32_t x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
ALWAYS_INLINE i8v bit_and(i8v a, i8v b) { return {_mm256_and_si256(a.v, b.v)}; }
ALWAYS_INLINE i32v broadcast_i32(int32_t x) { return {_mm256_set1_epi32(x)}; }
ALWAYS_INLINE i32v load(const int32_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
ALWAYS_INLINE void store(int32_t* p, i32v a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v); }
ALWAYS_INLINE i32v load_partial(const int32_t* p, size_t n) { return {_mm256_maskload_epi32(p, lane_mask(n))}; }
ALWAYS_INLINE void store_partial(int32_t* p, i32v a, size_t n) { _mm256_maskstore_epi32(p, lane_mask(n), a.v); }
ALWAYS_INLINE i32v add(i32v a, i32v b) { return {_mm256_add_epi32(a.v, b.v)}; }
ALWAYS_INLINE i32v shift_left(i32v a, int n) { return {_mm256_sll_epi32(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE i32v shift_right(i32v a, int n) { return {_mm256_sra_epi32(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE i32v sub(i32v a, i32v b) { return {_mm256_sub_epi32(a.v, b.v)}; }

ALWAYS_INLINE i8v sad(i8v a, i8v b) { return {_mm256_sad_epu8(a.v, b.v)}; }
ALWAYS_INLINE i8v sub_i64(i8v a, i8v b) { return {_mm256_sub_epi64(a.v, b.v)}; }
// The lower 32 bits of the 64-bit lanes of a, then of b. The shuffle works within halves, so a permutation follows.
ALWAYS_INLINE i32v low_halves(i8v a, i8v b) {
  const __m256 halves = _mm256_shuffle_ps(_mm256_castsi256_ps(a.v), _mm256_castsi256_ps(b.v), 0x88);
  return {_mm256_permute4x64_epi64(_mm256_castps_si256(halves), 0xd8)};
}
// The sums of neighbors: the pairs of a, then those of b.
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) { return {_mm256_permute4x64_epi64(_mm256_hadd_epi32(a.v, b.v), 0xd8)}; }
ALWAYS_INLINE i8v broadcast_i8(int8_t x) { return {_mm256_set1_epi8(x)}; }
ALWAYS_INLINE i8v broadcast_i16(int16_t x) { return {_mm256_set1_epi16(x)}; }
ALWAYS_INLINE i8v max_u8(i8v a, i8v b) { return {_mm256_max_epu8(a.v, b.v)}; }
ALWAYS_INLINE i8v max_i16(i8v a, i8v b) { return {_mm256_max_epi16(a.v, b.v)}; }
ALWAYS_INLINE i8v add_i16(i8v a, i8v b) { return {_mm256_add_epi16(a.v, b.v)}; }
// Pairs of uint16, added up.
ALWAYS_INLINE i32v add_u16_pairs(i8v a) {
  return {_mm256_add_epi32(_mm256_and_si256(a.v, _mm256_set1_epi32(0xffff)), _mm256_srli_epi32(a.v, 16))};
}
ALWAYS_INLINE i32v madd_i16(i8v a, i8v b) { return {_mm256_madd_epi16(a.v, b.v)}; }   // pairs of int16, added up
ALWAYS_INLINE i8v maddubs(i8v x, i8v w) { return {_mm256_maddubs_epi16(x.v, w.v)}; }  // pairs of uint8 * int8, saturated to int16
// Lane i is the sum of the bytes [16i, 16i + 16): sums of 8 are narrowed to 16 bits, and their neighbors added.
ALWAYS_INLINE i32v sums_of_16_bytes(const unsigned char* p) {
  __m256i of_8[4];
  UNROLL for (int i = 0; i < 4; ++i) of_8[i] = _mm256_sad_epu8(load(p + i * i8v::kBytes).v, _mm256_setzero_si256());
  const __m256i narrow = _mm256_packs_epi32(_mm256_packs_epi32(of_8[0], of_8[1]), _mm256_packs_epi32(of_8[2], of_8[3]));
  const __m256i sums = _mm256_madd_epi16(narrow, _mm256_set1_epi16(1));  // lane l of 128 bits: those of lane l of each load
  return {_mm256_permutevar8x32_epi32(sums, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))};
}

struct i16v {
  static constexpr size_t N = 16;
  __m256i v;
};
ALWAYS_INLINE i16v load_i16(const uint8_t* p) { return {_mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))}; }
ALWAYS_INLINE i16v load_i16(const int16_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
ALWAYS_INLINE i16v broadcast_lanes(int16_t x) { return {_mm256_set1_epi16(x)}; }
ALWAYS_INLINE i16v add(i16v a, i16v b) { return {_mm256_add_epi16(a.v, b.v)}; }
ALWAYS_INLINE i16v sub(i16v a, i16v b) { return {_mm256_sub_epi16(a.v, b.v)}; }
ALWAYS_INLINE i16v shift_right(i16v a, int n) { return {_mm256_sra_epi16(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE void store_i16(int16_t* p, i16v a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v); }
ALWAYS_INLINE void store_i16(uint8_t* p, i16v a) {  // saturated
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(_mm256_castsi256_si128(a.v), _mm256_extracti128_si256(a.v, 1)));
}
}  // namespace
