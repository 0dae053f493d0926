// The definitions of convolutions, their gradients and quantization, as plain loops, in double unless they say otherwise: their kernels are
// tested against them. Those of the other operations are plain loops in test/native/nn and test/ops.
#pragma once
#include "../kernels/kernel_table.h"
#include "../conv2d/shape.h"
#include "../conv2d/grad.h"

// These are adder_conv2d and conv2d of conv2d/conv2d.h, with y in double.
void reference_adder_conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y);
void reference_conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y);

// These are the gradients of conv2d/grad.h, in double.
void reference_adder_conv2d_grad_input(const Conv2dShape& s, InputRule rule, const float* gy, const float* x, const float* w, double* gx);
void reference_adder_conv2d_grad_filter(const Conv2dShape& s, FilterRule rule, const float* gy, const float* x, const float* w, double* gw);
void reference_conv2d_grad_input(const Conv2dShape& s, const float* gy, const float* w, double* gx);
void reference_conv2d_grad_filter(const Conv2dShape& s, const float* gy, const float* x, double* gw);
// This is xnor_conv2d of conv2d/xnor.h.
void reference_xnor_conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y);
// These are the sums of conv2d/integer.h, added up in int64. T is uint8_t, int8_t or int16_t.
template <class T>
void reference_adder_conv2d(const Conv2dShape& s, const T* x, const T* w, T pad_value, double* y);
void reference_int8_conv2d(const Conv2dShape& s, const uint8_t* x, const int8_t* w, uint8_t pad_value, double* y);

// Bit-exact, in float32 (kernels/quantize_kernels.h). `rows` of sums [rows][channels] of the definitions above, y of their shape.
// Q is uint8_t or int16_t.
template <class Q>
void reference_requantize(size_t rows, size_t channels, const double* sums, const Rescaling<Q>& rescaling, const QuantizedRange<Q>& range,
                          Q* y);
template <class Q>
void reference_dequantize(size_t rows, size_t channels, const double* sums, const Rescaling<Q>& rescaling, const Activation& activation,
                          float* y);
// x is finite.
template <class Q>
void reference_quantize(size_t n, const float* x, const Quantization<Q>& to, Q* y);
