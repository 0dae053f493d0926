// The definitions, as plain loops in double: what every kernel is tested against.
#pragma once
#include "conv_shape.h"
#include "convolve_grad.h"

// As adder_conv2d and conv2d in convolve.h, but y in double.
void reference_adder_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);
void reference_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);

// As in convolve_grad.h, but the gradients in double.
void reference_adder_conv2d_grad_input(const ConvShape& s, InputRule rule, const float* gy, const float* x, const float* w, double* gx);
void reference_adder_conv2d_grad_filter(const ConvShape& s, FilterRule rule, const float* gy, const float* x, const float* w, double* gw);
void reference_conv2d_grad_input(const ConvShape& s, const float* gy, const float* w, double* gx);
void reference_conv2d_grad_filter(const ConvShape& s, const float* gy, const float* x, double* gw);
// As xnor_conv2d in xnor_conv.h.
void reference_xnor_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);
// As in convolve_integer.h, added up in int64. T: uint8_t, int8_t, int16_t.
template <class T>
void reference_adder_conv2d(const ConvShape& s, const T* x, const T* w, T padding, double* y);
void reference_int8_conv2d(const ConvShape& s, const uint8_t* x, const int8_t* w, uint8_t padding, double* y);
