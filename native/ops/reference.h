// The definitions, as plain loops in double: what every kernel is tested against.
#pragma once
#include "conv_shape.h"

// As adder_conv2d and conv2d in convolve.h, but y in double.
void reference_adder_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);
void reference_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);

// As in convolve_integer.h, added up in int64. T: uint8_t, int8_t, int16_t.
template <class T>
void reference_adder_conv2d(const ConvShape& s, const T* x, const T* w, T padding, double* y);
void reference_int8_conv2d(const ConvShape& s, const uint8_t* x, const int8_t* w, uint8_t padding, double* y);
