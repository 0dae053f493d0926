// Passes over whole tensors, one element or one pixel at a time.
#pragma once
#include <cstddef>

#include "activation.h"

// y = activation((x - mean) * scale + shift (+ residual)); x, residual and y are [rows][channels]
struct NormalizeArgs {
  size_t rows, channels;
  const float* x;
  const float* residual;  // or null
  Activation activation;
  const float *mean, *scale, *shift;  // [channels]
  float* y;                           // may be x or residual
};

// y = activation((x - part * mean + bias) * scale + shift (+ residual)), mean that of the channels of a row; x, residual and y are
// [rows][channels]
struct CenterArgs {
  size_t rows, channels;
  const float* x;
  const float* residual;  // or null
  Activation activation;
  const float *bias, *scale, *shift;  // [channels] or null; scale and shift together
  float* y;                           // may be x or residual
  float part = 1;
};

struct ElementwiseKernels {
  void (*normalize)(const NormalizeArgs&);
  void (*center)(const CenterArgs&);                                                   // a row is bit-identical in any place
  void (*activate)(size_t n, const float* x, const Activation& activation, float* y);  // y = activation(x); y may be x
  void (*add)(size_t n, const float* a, const float* b, float* y);                     // y = a + b; y may be a or b
};
