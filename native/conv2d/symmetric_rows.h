// Padding for windows of even size, which have no pixel in the middle (Wu et al., "Convolution with even-sized kernels and symmetric
// padding", NeurIPS 2019): one row and one column are added, for each quarter of the channels at another corner of the image, so that the
// windows of all quarters together lie around a pixel evenly. Of quarter q, channels floor(q c / 4) to floor((q + 1) c / 4) - 1:
//
//   y[i, j, ch] = x[i - top, j - left, ch], `value` outside of x      top = q < 2, left = q even
//
// x [h][w][c] -> y [h + 1][w + 1][c]
#pragma once
#include <cstddef>

struct Quarter {
  size_t first, channels, top, left;
};
inline Quarter quarter(size_t c, size_t q) {
  const size_t first = q * c / 4;
  return {first, (q + 1) * c / 4 - first, q < 2, q % 2 == 0};
}

// One row of y; T is float, uint8_t or int16_t.
template <class T>
void symmetric_row(size_t h, size_t w, size_t c, const T* x, size_t row, T value, T* out);
// The channels of one quarter in `count` pixels, a piece of each, which lie `stride_bytes` apart in both.
void copy_pieces(size_t count, size_t piece_bytes, size_t stride_bytes, const void* from, void* to);
