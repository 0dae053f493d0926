// Between the exact sums of integer convolutions and numbers: quantized ones of type Q, uint8_t up to 8 bits and int16_t up to 16, or
// floats. Defined bit-exactly: float32, every operation rounded by itself and none fused, in the order written; rne rounds to the nearest
// integer, halves to the even one. float(sum) is rounded so as well where |sum| > 2^24.
#pragma once
#include <cstddef>
#include <cstdint>

#include "activation.h"

// The quantized numbers there are.
template <class Q>
struct QuantizedRange {
  Q min, max;
};

// How a sum of channel c is rescaled:
//
//   v = scale[c] * float(sum) + shift[c]
//   v = v + residual_scale * float(residual)    where there is one of quantized numbers
//   v = v + residual_floats                     where there is one of floats
template <class Q>
struct Rescaling {
  const float *scale, *shift;    // [channels]
  const Q* residual;             // \ of the shape of y; one of them, or both null
  const float* residual_floats;  // /
  float residual_scale;
};

// y[i][j] = clamp(rne(v), range); its min where v is NaN      i < rows, j < columns
template <class Q>
struct RequantizeArgs {
  size_t rows, columns;
  const int32_t* sums;
  size_t sums_stride;  // elements between sums[i] and sums[i + 1]
  Rescaling<Q> rescaling;
  QuantizedRange<Q> range;
  Q* y;
  size_t y_stride;  // elements between y[i] and y[i + 1], and of the residual
};

// y[i][j] = activation(v), NaN where v is, and where the activation has a bound never -0
template <class Q>
struct DequantizeArgs {
  size_t rows, columns;
  const int32_t* sums;
  size_t sums_stride;
  Rescaling<Q> rescaling;
  Activation activation;
  float* y;
  size_t y_stride;
};

// y[i] = clamp(rne(x[i] / scale + zero_point), range)
template <class Q>
struct Quantization {
  float scale;
  Q zero_point;
  QuantizedRange<Q> range;
};

template <class Q>
struct QuantizeKernels {
  // False if some x[i] is not finite     i < n
  bool (*quantize)(size_t n, const float* x, const Quantization<Q>& to, Q* y);
  void (*requantize)(const RequantizeArgs<Q>&);
  void (*dequantize)(const DequantizeArgs<Q>&);
};

struct QuantizationKernels {
  QuantizeKernels<uint8_t> bytes;
  QuantizeKernels<int16_t> shorts;
  // y[r][c] -= floor(sum_c y[r][c] / channels + 1/2)    r < rows, c < channels; exact where no two of a row are 2^31
  // apart. `narrow` promises that int32 holds the sum of a row, plus half of the channels, whatever part of it is added up first.
  void (*center)(size_t rows, size_t channels, int32_t* y, size_t y_stride, bool narrow);
  template <class Q>
  ALWAYS_INLINE constexpr const QuantizeKernels<Q>& of() const {
    if constexpr (sizeof(Q) == 1) return bytes;
    else return shorts;
  }
};
