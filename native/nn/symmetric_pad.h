// Padding for windows of even size, which have no pixel in the middle (Wu et al., "Convolution with even-sized kernels and symmetric
// padding", NeurIPS 2019): one row and one column are added, for each quarter of the channels at another corner of the image, so that the
// windows of all quarters together lie around a pixel evenly. Of quarter q, channels floor(q c / 4) to floor((q + 1) c / 4) - 1:
//
//   y[n, i, j, ch] = x[n, i - top, j - left, ch], `value` outside of x      top = q < 2, left = q even
//
// x [n][h][w][c] -> y [n][h + 1][w + 1][c]
#pragma once
#include <cstddef>

#include "../runtime/thread_pool.h"

struct SymmetricPadSize {
  size_t n, h, w, c;  // of x
  size_t x_elems() const { return n * h * w * c; }
  size_t y_elems() const { return n * (h + 1) * (w + 1) * c; }
};

// T is float, uint8_t or int16_t. y does not overlap x.
template <class T>
void symmetric_pad(ThreadPool& pool, const SymmetricPadSize& s, const T* x, T value, T* y);
// gx[n, i, j, ch] = gy[n, i + top, j + left, ch]
void symmetric_pad_grad(ThreadPool& pool, const SymmetricPadSize& s, const float* gy, float* gx);
