// AVX-512 primitives of integer tiles, beside vec_avx512.h.
#pragma once
#include <cstdint>

#include "vec_avx512.h"

namespace {
struct i8v {
  static constexpr int kBytes = 64;
  __m512i v;
};
struct i32v {
  static constexpr int N = 16;
  __m512i v;
};
// A k-group of int16. 8 bytes are two lanes of sums: one broadcast serves 4 elements, and 16 channels are two vectors (DotPairs).
using ShortGroup = uint64_t;
ALWAYS_INLINE i8v load(const unsigned char* p) { return {_mm512_loadu_si512(p)}; }
ALWAYS_INLINE i8v broadcast_group(uint64_t x) { return {_mm512_set1_epi64(static_cast<long long>(x))}; }
ALWAYS_INLINE i8v broadcast_group(uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
ALWAYS_INLINE i8v bit_and(i8v a, i8v b) { return {_mm512_and_si512(a.v, b.v)}; }
ALWAYS_INLINE i32v broadcast_i32(int32_t x) { return {_mm512_set1_epi32(x)}; }
ALWAYS_INLINE i32v load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
ALWAYS_INLINE void store(int32_t* p, i32v a) { _mm512_storeu_si512(p, a.v); }
ALWAYS_INLINE i32v load_partial(const int32_t* p, size_t n) { return {_mm512_maskz_loadu_epi32(lane_mask(n), p)}; }
ALWAYS_INLINE void store_partial(int32_t* p, i32v a, size_t n) { _mm512_mask_storeu_epi32(p, lane_mask(n), a.v); }
ALWAYS_INLINE i32v add(i32v a, i32v b) { return {_mm512_add_epi32(a.v, b.v)}; }
ALWAYS_INLINE i32v shift_left(i32v a, int n) { return {_mm512_sll_epi32(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE i32v shift_right(i32v a, int n) { return {_mm512_sra_epi32(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE i32v sub(i32v a, i32v b) { return {_mm512_sub_epi32(a.v, b.v)}; }

ALWAYS_INLINE i8v sad(i8v a, i8v b) { return {_mm512_sad_epu8(a.v, b.v)}; }
ALWAYS_INLINE i8v sub_i64(i8v a, i8v b) { return {_mm512_sub_epi64(a.v, b.v)}; }
// The lower 32 bits of the 64-bit lanes of a, then of b.
ALWAYS_INLINE i32v low_halves(i8v a, i8v b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return {_mm512_permutex2var_epi32(a.v, even, b.v)};
}
// The sums of neighbors: the pairs of a, then those of b.
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return {_mm512_add_epi32(_mm512_permutex2var_epi32(a.v, even, b.v), _mm512_permutex2var_epi32(a.v, odd, b.v))};
}
ALWAYS_INLINE i8v broadcast_i8(int8_t x) { return {_mm512_set1_epi8(x)}; }
ALWAYS_INLINE i8v broadcast_i16(int16_t x) { return {_mm512_set1_epi16(x)}; }
ALWAYS_INLINE i8v max_u8(i8v a, i8v b) { return {_mm512_max_epu8(a.v, b.v)}; }
ALWAYS_INLINE i8v max_i16(i8v a, i8v b) { return {_mm512_max_epi16(a.v, b.v)}; }
ALWAYS_INLINE i8v add_i16(i8v a, i8v b) { return {_mm512_add_epi16(a.v, b.v)}; }
// Pairs of uint16, added up.
ALWAYS_INLINE i32v add_u16_pairs(i8v a) {
  return {_mm512_add_epi32(_mm512_and_si512(a.v, _mm512_set1_epi32(0xffff)), _mm512_srli_epi32(a.v, 16))};
}
ALWAYS_INLINE i32v madd_i16(i8v a, i8v b) { return {_mm512_madd_epi16(a.v, b.v)}; }   // pairs of int16, added up
ALWAYS_INLINE i8v maddubs(i8v x, i8v w) { return {_mm512_maddubs_epi16(x.v, w.v)}; }  // pairs of uint8 * int8, saturated to int16
// Lane i is the sum of the bytes [16i, 16i + 16): sums of 8 are narrowed to 16 bits, and their neighbors added.
ALWAYS_INLINE i32v sums_of_16_bytes(const unsigned char* p) {
  __m512i of_8[4];
  UNROLL for (int i = 0; i < 4; ++i) of_8[i] = _mm512_sad_epu8(load(p + i * i8v::kBytes).v, _mm512_setzero_si512());
  const __m512i narrow = _mm512_packs_epi32(_mm512_packs_epi32(of_8[0], of_8[1]), _mm512_packs_epi32(of_8[2], of_8[3]));
  const __m512i sums = _mm512_madd_epi16(narrow, _mm512_set1_epi16(1));  // lane l of 128 bits: those of lane l of each load
  return {_mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), sums)};
}

struct i16v {
  static constexpr size_t N = 32;
  __m512i v;
};
ALWAYS_INLINE i16v load_i16(const uint8_t* p) { return {_mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))}; }
ALWAYS_INLINE i16v load_i16(const int16_t* p) { return {_mm512_loadu_si512(p)}; }
ALWAYS_INLINE i16v broadcast_lanes(int16_t x) { return {_mm512_set1_epi16(x)}; }
ALWAYS_INLINE i16v add(i16v a, i16v b) { return {_mm512_add_epi16(a.v, b.v)}; }
ALWAYS_INLINE i16v sub(i16v a, i16v b) { return {_mm512_sub_epi16(a.v, b.v)}; }
ALWAYS_INLINE i16v shift_right(i16v a, int n) { return {_mm512_sra_epi16(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE void store_i16(int16_t* p, i16v a) { _mm512_storeu_si512(p, a.v); }
ALWAYS_INLINE void store_i16(uint8_t* p, i16v a) {  // saturated; the conversion takes its numbers as without sign
  const __m512i positive = _mm512_max_epi16(a.v, _mm512_setzero_si512());
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtusepi16_epi8(positive));
}
}  // namespace
