// Passes over whole tensors at inference, one element at a time.
#pragma once
#include <cstddef>

struct ElementwiseKernels {
  // y[r][c] = (x[r][c] - mean[c]) * scale[c] + shift[c]    x, y contiguous; y may be x
  void (*normalize)(size_t rows, size_t channels, const float* x, const float* mean, const float* scale, const float* shift, float* y);
  void (*relu)(size_t n, const float* x, float* y);                 // y = max(0, x), NaN stays; y may be x
  void (*add)(size_t n, const float* a, const float* b, float* y);  // y = a + b; y may be a or b
};
