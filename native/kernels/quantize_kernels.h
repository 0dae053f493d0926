// Between the exact sums of integer convolutions and numbers: quantized ones of 8 bits, or floats. Defined bit-exactly: float32, every
// operation rounded by itself and none fused, in the order written; rne rounds to the nearest integer, halves to the even one.
#pragma once
#include <cstddef>
#include <cstdint>

#include "activation.h"

// How a sum of channel c is rescaled:
//
//   v = scale[c] * float(sum) + shift[c]
//   v = v + residual_scale * float(residual_bytes)    where there are bytes
//   v = v + residual_floats                           where there are floats
struct Rescaling {
  const float *scale, *shift;     // [channels]
  const uint8_t* residual_bytes;  // \ of the shape of y; one of them, or both null
  const float* residual_floats;   // /
  float residual_scale;
};

// y[i][j] = clamp(rne(v), 0, q_max); 0 where v is NaN      i < rows, j < columns
struct RequantizeArgs {
  size_t rows, columns;
  const int32_t* sums;
  size_t sums_stride;  // elements between sums[i] and sums[i + 1]
  Rescaling rescaling;
  uint8_t q_max;
  uint8_t* y;
  size_t y_stride;  // elements between y[i] and y[i + 1], and of the residual
};

// y[i][j] = activation(v), NaN where v is, and where the activation has a bound never -0
struct DequantizeArgs {
  size_t rows, columns;
  const int32_t* sums;
  size_t sums_stride;
  Rescaling rescaling;
  Activation activation;
  float* y;
  size_t y_stride;
};

struct QuantizeKernels {
  // y[i] = clamp(rne(x[i] / scale + zero_point), 0, q_max)     i < n; false if some x[i] is not finite
  bool (*quantize)(size_t n, const float* x, float scale, uint8_t zero_point, uint8_t q_max, uint8_t* y);
  void (*requantize)(const RequantizeArgs&);
  void (*dequantize)(const DequantizeArgs&);
};
