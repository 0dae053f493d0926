// SSE4.1 primitives of integer tiles, beside vec_sse41.h.
#pragma once
#include <cstdint>

#include "vec_sse41.h"
#include "partial_lanes.h"

namespace {
struct i8v {
  static constexpr int kBytes = 16;
  __m128i v;
};
struct i32v {
  static constexpr int N = 4;
  __m128i v;
};
// A k-group of int16, a lane of sums.
using ShortGroup = uint32_t;
ALWAYS_INLINE i8v load(const unsigned char* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }
ALWAYS_INLINE i8v broadcast_group(uint64_t x) { return {_mm_set1_epi64x(static_cast<long long>(x))}; }
ALWAYS_INLINE i8v broadcast_group(uint32_t x) { return {_mm_set1_epi32(static_cast<int>(x))}; }
ALWAYS_INLINE i8v bit_and(i8v a, i8v b) { return {_mm_and_si128(a.v, b.v)}; }
ALWAYS_INLINE i32v broadcast_i32(int32_t x) { return {_mm_set1_epi32(x)}; }
ALWAYS_INLINE i32v load(const int32_t* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }
ALWAYS_INLINE void store(int32_t* p, i32v a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a.v); }
ALWAYS_INLINE i32v load_partial(const int32_t* p, size_t n) {
  return load_lanes<i32v::N>(p, n, [](const int32_t* lanes) { return load(lanes); });
}
ALWAYS_INLINE void store_partial(int32_t* p, i32v a, size_t n) {
  store_lanes<i32v::N>(p, n, [a](int32_t* lanes) { store(lanes, a); });
}
ALWAYS_INLINE i32v add(i32v a, i32v b) { return {_mm_add_epi32(a.v, b.v)}; }
ALWAYS_INLINE i32v shift_left(i32v a, int n) { return {_mm_sll_epi32(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE i32v shift_right(i32v a, int n) { return {_mm_sra_epi32(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE i32v sub(i32v a, i32v b) { return {_mm_sub_epi32(a.v, b.v)}; }

ALWAYS_INLINE i8v sad(i8v a, i8v b) { return {_mm_sad_epu8(a.v, b.v)}; }
ALWAYS_INLINE i8v sub_i64(i8v a, i8v b) { return {_mm_sub_epi64(a.v, b.v)}; }
// The lower 32 bits of the 64-bit lanes of a, then of b.
ALWAYS_INLINE i32v low_halves(i8v a, i8v b) {
  return {_mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a.v), _mm_castsi128_ps(b.v), 0x88))};
}
// The sums of neighbors: the pairs of a, then those of b.
ALWAYS_INLINE i32v add_pairs(i32v a, i32v b) { return {_mm_hadd_epi32(a.v, b.v)}; }
ALWAYS_INLINE i8v broadcast_i8(int8_t x) { return {_mm_set1_epi8(x)}; }
ALWAYS_INLINE i8v broadcast_i16(int16_t x) { return {_mm_set1_epi16(x)}; }
ALWAYS_INLINE i8v max_u8(i8v a, i8v b) { return {_mm_max_epu8(a.v, b.v)}; }
ALWAYS_INLINE i8v max_i16(i8v a, i8v b) { return {_mm_max_epi16(a.v, b.v)}; }
ALWAYS_INLINE i8v add_i16(i8v a, i8v b) { return {_mm_add_epi16(a.v, b.v)}; }
// Pairs of uint16, added up.
ALWAYS_INLINE i32v add_u16_pairs(i8v a) { return {_mm_add_epi32(_mm_and_si128(a.v, _mm_set1_epi32(0xffff)), _mm_srli_epi32(a.v, 16))}; }
ALWAYS_INLINE i32v madd_i16(i8v a, i8v b) { return {_mm_madd_epi16(a.v, b.v)}; }   // pairs of int16, added up
ALWAYS_INLINE i8v maddubs(i8v x, i8v w) { return {_mm_maddubs_epi16(x.v, w.v)}; }  // pairs of uint8 * int8, saturated to int16
// Lane i is the sum of the bytes [16i, 16i + 16): sums of 8 are narrowed to 16 bits, and their neighbors added.
ALWAYS_INLINE i32v sums_of_16_bytes(const unsigned char* p) {
  __m128i of_8[4];
  UNROLL for (int i = 0; i < 4; ++i) of_8[i] = _mm_sad_epu8(load(p + i * i8v::kBytes).v, _mm_setzero_si128());
  const __m128i narrow = _mm_packs_epi32(_mm_packs_epi32(of_8[0], of_8[1]), _mm_packs_epi32(of_8[2], of_8[3]));
  return {_mm_madd_epi16(narrow, _mm_set1_epi16(1))};
}

struct i16v {
  static constexpr size_t N = 8;
  __m128i v;
};
ALWAYS_INLINE i16v load_i16(const uint8_t* p) { return {_mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))}; }
ALWAYS_INLINE i16v load_i16(const int16_t* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }
ALWAYS_INLINE i16v broadcast_lanes(int16_t x) { return {_mm_set1_epi16(x)}; }
ALWAYS_INLINE i16v add(i16v a, i16v b) { return {_mm_add_epi16(a.v, b.v)}; }
ALWAYS_INLINE i16v sub(i16v a, i16v b) { return {_mm_sub_epi16(a.v, b.v)}; }
ALWAYS_INLINE i16v shift_right(i16v a, int n) { return {_mm_sra_epi16(a.v, _mm_cvtsi32_si128(n))}; }
ALWAYS_INLINE void store_i16(int16_t* p, i16v a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a.v); }
ALWAYS_INLINE void store_i16(uint8_t* p, i16v a) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(a.v, a.v));
}  // saturated
}  // namespace
