// The definitions of Winograd adder layers and of their gradients (conv2d/winograd.h, winograd_integer.h), tile by tile, in double, by the
// matrices as they are printed.
#pragma once
#include "../conv2d/shape.h"
#include "../conv2d/winograd_integer.h"

void reference_winograd_adder_conv2d(const Conv2dShape& s, const float* x, const float* u, const float* bias, double* y);
void reference_winograd_adder_conv2d_grad_filter(const Conv2dShape& s, const float* gy, const float* x, const float* u, double* gu);
void reference_winograd_adder_conv2d_grad_input(const Conv2dShape& s, const float* gy, const float* x, const float* u, double* gx);

// Exact. X is uint8_t, with a rounding, or int16_t, without one. Constants may be null.
template <class X>
void reference_winograd_adder_conv2d(const Conv2dShape& s, const X* x, const X* u, X pad_value, const WinogradRounding* rounding,
                                     const int32_t* constants, double* y);
