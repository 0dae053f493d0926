// AVX-512BW primitives of sliding filters, beside integer_avx512.h.
#pragma once
#include "integer_avx512.h"

namespace {
// A vector of its own type: gcc copies registers, and spills, where sums are __m512i between additions of 16 bits.
struct u16v {
  typedef uint16_t Lanes __attribute__((vector_size(64)));
  Lanes v;
};
ALWAYS_INLINE u16v add(u16v a, u16v b) { return {a.v + b.v}; }
// With the taps t of a filter in each group of 4 bytes, sum j of a lane of 128 bits grows by
// |x[j] - t[0]| + |x[j + 1] - t[1]| + |x[j + 2] - t[2]| + |x[j + 3] - t[3]|, j < 8. The immediate lines up the groups 0, 1, 1, 2 of x,
// of which each half of the sums takes two.
ALWAYS_INLINE u16v slide(u16v sums, i8v taps, i8v x) {
  return add(sums, {reinterpret_cast<u16v::Lanes>(_mm512_dbsad_epu8(taps.v, x.v, 0x94))});
}
// Bytes 3 to 10 of each lane of 128 bits as 16 bits.
ALWAYS_INLINE u16v fourth_taps(i8v x) {
  const __m128i order = _mm_setr_epi8(3, -1, 4, -1, 5, -1, 6, -1, 7, -1, 8, -1, 9, -1, 10, -1);
  return {reinterpret_cast<u16v::Lanes>(_mm512_shuffle_epi8(x.v, _mm512_broadcast_i32x4(order)))};
}
ALWAYS_INLINE i32v even(u16v a) { return {_mm512_maskz_mov_epi16(0x55555555, reinterpret_cast<__m512i>(a.v))}; }
ALWAYS_INLINE i32v odd(u16v a) { return {_mm512_srli_epi32(reinterpret_cast<__m512i>(a.v), 16)}; }

// 16 bytes from each of four places. Broadcasts are blended, where insertions would take the ports of shuffles.
ALWAYS_INLINE i8v load_lanes(const unsigned char* const (&p)[4], size_t offset) {
  const auto lane = [&](int l) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p[l] + offset)); };
  __m512i v = _mm512_castsi128_si512(lane(0));
  v = _mm512_mask_broadcast_i32x4(v, 0x00f0, lane(1));
  v = _mm512_mask_broadcast_i32x4(v, 0x0f00, lane(2));
  return {_mm512_mask_broadcast_i32x4(v, 0xf000, lane(3))};
}
// Transposes bytes in each lane of 128 bits: from 11 rows of 16 come 16 columns of 11, and 5 bytes of no meaning.
ALWAYS_INLINE void transpose_bytes(const i8v (&rows)[11], i8v (&columns)[16]) {
  __m512i two[6][2], four[3][4];  // rows side by side, of 8 columns in a vector, then of 4
  UNROLL for (int i = 0; i < 6; ++i) {
    const __m512i a = rows[2 * i].v, b = rows[i < 5 ? 2 * i + 1 : 10].v;
    two[i][0] = _mm512_unpacklo_epi8(a, b), two[i][1] = _mm512_unpackhi_epi8(a, b);
  }
  UNROLL for (int i = 0; i < 3; ++i) UNROLL for (int h = 0; h < 2; ++h) {
    four[i][2 * h] = _mm512_unpacklo_epi16(two[2 * i][h], two[2 * i + 1][h]);
    four[i][2 * h + 1] = _mm512_unpackhi_epi16(two[2 * i][h], two[2 * i + 1][h]);
  }
  UNROLL for (int q = 0; q < 4; ++q) {
    const __m512i a = four[0][q], b = four[1][q], c = four[2][q];
    const __m512i low = _mm512_unpacklo_epi32(a, b), high = _mm512_unpackhi_epi32(a, b);
    const __m512i low_rest = _mm512_unpacklo_epi32(c, c), high_rest = _mm512_unpackhi_epi32(c, c);
    columns[4 * q].v = _mm512_unpacklo_epi64(low, low_rest), columns[4 * q + 1].v = _mm512_unpackhi_epi64(low, low_rest);
    columns[4 * q + 2].v = _mm512_unpacklo_epi64(high, high_rest), columns[4 * q + 3].v = _mm512_unpackhi_epi64(high, high_rest);
  }
}
ALWAYS_INLINE void store(unsigned char* p, i8v a) { _mm512_storeu_si512(p, a.v); }

// Of v[i], the numbers i of 16 columns, come v[2e + h]: column e of the lanes 2h and 2h + 1 of 128 bits, all 8 numbers of each.
ALWAYS_INLINE void transpose_columns(i32v (&v)[8]) {
  const __m512i lower = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), upper = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  __m512i four[2][4];  // numbers 4h to 4h + 3 of column e of each lane
  UNROLL for (int h = 0; h < 2; ++h) {
    const i32v* const r = v + 4 * h;
    const __m512i low01 = _mm512_unpacklo_epi32(r[0].v, r[1].v), high01 = _mm512_unpackhi_epi32(r[0].v, r[1].v);
    const __m512i low23 = _mm512_unpacklo_epi32(r[2].v, r[3].v), high23 = _mm512_unpackhi_epi32(r[2].v, r[3].v);
    four[h][0] = _mm512_unpacklo_epi64(low01, low23);
    four[h][1] = _mm512_unpackhi_epi64(low01, low23);
    four[h][2] = _mm512_unpacklo_epi64(high01, high23);
    four[h][3] = _mm512_unpackhi_epi64(high01, high23);
  }
  UNROLL for (int e = 0; e < 4; ++e) {
    v[2 * e].v = _mm512_permutex2var_epi64(four[0][e], lower, four[1][e]);
    v[2 * e + 1].v = _mm512_permutex2var_epi64(four[0][e], upper, four[1][e]);
  }
}
// Half the lanes.
ALWAYS_INLINE void store_half(int32_t* p, i32v a, int half) {
  if (half == 0) _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_castsi512_si256(a.v));
  else _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_extracti64x4_epi64(a.v, 1));
}
}  // namespace
