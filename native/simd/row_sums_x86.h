// Sums of rows of bytes and of int16, in 128 bits on every instruction set of x86: rows are often the 16 channels of a pixel.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "unroll.h"

namespace {
struct ByteRowSum {
  static constexpr size_t kElems = 16;
  __m128i v;  // two lanes of 64 bits
  ALWAYS_INLINE void add(const uint8_t* p) {
    v = _mm_add_epi32(v, _mm_sad_epu8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_setzero_si128()));
  }
};
struct ShortRowSum {
  static constexpr size_t kElems = 8;
  __m128i v;  // four lanes of 32 bits
  ALWAYS_INLINE void add(const int16_t* p) {
    v = _mm_add_epi32(v, _mm_madd_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_set1_epi16(1)));
  }
};
ALWAYS_INLINE void store_row_sums(int32_t lanes[4], const ByteRowSum (&sum)[4]) {
  const auto low_halves = [](__m128i a, __m128i b) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0x88));
  };
  const __m128i sums = _mm_hadd_epi32(low_halves(sum[0].v, sum[1].v), low_halves(sum[2].v, sum[3].v));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(lanes), sums);
}
ALWAYS_INLINE void store_row_sums(int32_t lanes[4], const ShortRowSum (&sum)[4]) {
  const __m128i sums = _mm_hadd_epi32(_mm_hadd_epi32(sum[0].v, sum[1].v), _mm_hadd_epi32(sum[2].v, sum[3].v));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(lanes), sums);
}
}  // namespace
