// Passes over whole tensors at inference, one element at a time.
#pragma once
#include <cstddef>

#include "activation.h"

struct ElementwiseKernels {
  // y[r][c] = (x[r][c] - mean[c]) * scale[c] + shift[c]    x, y contiguous; y may be x
  void (*normalize)(size_t rows, size_t channels, const float* x, const float* mean, const float* scale, const float* shift, float* y);
  void (*activate)(size_t n, const float* x, const Activation& activation, float* y);  // y = activation(x); y may be x
  void (*add)(size_t n, const float* a, const float* b, float* y);                     // y = a + b; y may be a or b
};
