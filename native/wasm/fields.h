// What JavaScript writes into the module's memory for a node (lib/wasm/plan.ts): words of 32 bits in the order of these fields, an array as
// its address and its number of elements, 0 and 0 where it is left out, and a value that is left out as -1. What the fields mean,
// binding.d.ts says.
#pragma once
#include <cstdint>

#include "../conv2d/conv_kind.h"
#include "../conv2d/shape.h"
#include "../kernels/kernel_table.h"
#include "../plan/value.h"

template <class T>
struct Array {
  const T* data;
  uint32_t length;
};
static_assert(sizeof(Array<float>) == 8 && sizeof(ConvKind) == 4 && sizeof(DType) == 4 && sizeof(Activation) == 8, "words of 32 bits");

struct Conv2dFields {
  ConvKind kind;
  uint32_t is_centered, is_symmetric;
  int32_t x, residual;
  Array<float> filters, bias, scale, shift;
  Activation activation;
  int32_t geometry[kConv2dGeometryLength];
};

struct QuantizedConv2dFields {
  ConvKind kind;
  uint32_t is_centered, is_symmetric;
  int32_t x, residual;
  Array<void> filters;  // of elements of x, or of int8
  int32_t pad_value;
  Array<int16_t> offsets;
  Array<uint8_t> shifts;
  Array<int32_t> constants;
  Array<float> scale, shift;
  float residual_scale;
  DType output;
  int32_t qmin, qmax;
  Activation activation;
  int32_t geometry[kConv2dGeometryLength];
};

struct PoolFields {
  uint32_t is_maximum;
  int32_t x;
  int32_t geometry[kConv2dGeometryLength];
};

struct SymmetricPadFields {
  int32_t x;
  uint32_t height, width, channels;
};

struct NormalizeFields {
  int32_t x, residual;
  Array<float> mean, scale, shift;
  Activation activation;
};

struct QuantizeFields {
  int32_t x;
  DType output;
  float scale;
  int32_t zero_point, qmin, qmax;
};
