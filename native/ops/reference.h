// The definitions, as plain loops in double: what every kernel is tested against.
#pragma once
#include "conv_shape.h"

// As adder_conv2d and conv2d in convolve.h, but y in double.
void reference_adder_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);
void reference_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);
// As xnor_conv2d in xnor_conv.h.
void reference_xnor_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y);
