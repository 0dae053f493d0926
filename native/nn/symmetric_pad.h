// Symmetric padding (conv2d/symmetric_rows.h) as an operation: x [n][h][w][c] -> y [n][h + 1][w + 1][c]
#pragma once
#include <cstddef>

#include "../runtime/thread_pool.h"

struct SymmetricPadSize {
  size_t n, h, w, c;  // of x
  size_t x_elems() const { return n * h * w * c; }
  size_t y_elems() const { return n * (h + 1) * (w + 1) * c; }
};

// y does not overlap x.
void symmetric_pad(ThreadPool& pool, const SymmetricPadSize& s, const float* x, float value, float* y);
// gx[n, i, j, ch] = gy[n, i + top, j + left, ch]
void symmetric_pad_grad(ThreadPool& pool, const SymmetricPadSize& s, const float* gy, float* gx);
