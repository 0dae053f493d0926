// Winograd's matrices times a column of vectors, of floats or integers (winograd_kernels.h).
#pragma once

namespace {
// B^T and A^T.
template <class V>
ALWAYS_INLINE void times_bt(V a, V b, V c, V d, V (&out)[4]) {
  out[0] = sub(a, c);
  out[1] = add(b, c);
  out[2] = sub(c, b);
  out[3] = sub(b, d);
}
template <class V>
ALWAYS_INLINE void times_at(V a, V b, V c, V d, V (&out)[2]) {
  out[0] = sub(add(b, c), a);
  out[1] = add(sub(b, c), d);
}

// put(p, V[p]) of V = B^T d B, d by pixel(row, column). Row by row of B^T d: two rows of d meet in each, and only these are in registers.
template <class V, class Pixel, class Put>
ALWAYS_INLINE void transform_input(Pixel pixel, Put put) {
  V upper[4], lower[4];
  UNROLL for (size_t c = 0; c < 4; ++c) upper[c] = pixel(1, c);
  UNROLL for (size_t c = 0; c < 4; ++c) lower[c] = pixel(2, c);
  UNROLL for (size_t i = 0; i < 4; ++i) {
    V row[4], out[4];
    UNROLL for (size_t c = 0; c < 4; ++c) {
      if (i == 0) row[c] = sub(pixel(0, c), lower[c]);
      if (i == 1) row[c] = add(upper[c], lower[c]);
      if (i == 2) row[c] = sub(lower[c], upper[c]);
      if (i == 3) row[c] = sub(upper[c], pixel(3, c));
    }
    times_bt(row[0], row[1], row[2], row[3], out);
    UNROLL for (size_t j = 0; j < 4; ++j) put(4 * i + j, out[j]);
  }
}

// out = A^T S A, S by sum(p).
template <class V, class Sum>
ALWAYS_INLINE void transform_output(Sum sum, V (&out)[2][2]) {
  V half[2][4];
  UNROLL for (size_t i = 0; i < 4; ++i) {
    V pair[2];
    times_at(sum(4 * i), sum(4 * i + 1), sum(4 * i + 2), sum(4 * i + 3), pair);
    half[0][i] = pair[0];
    half[1][i] = pair[1];
  }
  UNROLL for (size_t b = 0; b < 2; ++b) {
    V pair[2];
    times_at(half[b][0], half[b][1], half[b][2], half[b][3], pair);
    out[0][b] = pair[0];
    out[1][b] = pair[1];
  }
}
}  // namespace
