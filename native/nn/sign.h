// The signs that binary convolutions are trained with; inference packs its own (conv2d/xnor.cc).
#pragma once
#include <cstddef>

#include "../runtime/thread_pool.h"

struct SignShape {
  size_t n, h, w, c;                                // of x
  size_t pad_top, pad_left, pad_bottom, pad_right;  // rows and columns added
};

// y = x < 0 ? -1 : 1, [n, pad_top + h + pad_bottom, pad_left + w + pad_right, c]; padding is +1, the sign of zero, and so is a NaN
void sign(ThreadPool& pool, const SignShape& shape, const float* x, float* y);

// gx = gy * max(0, 2 - 2|x|), of n elements: the derivative of two parabolas that stand in for the sign. gx may be gy.
void sign_grad(ThreadPool& pool, size_t n, const float* gy, const float* x, float* gx);

// y = alpha * (w < 0 ? -1 : 1), alpha = mean |w| over the k weights of an output channel; w and y are [co][k]
void binarize(ThreadPool& pool, size_t co, size_t k, const float* w, float* y);

// Turns the gradient gy with respect to y = binarize(w) into that of w, gw = (|w| <= 1 ? alpha * gy : 0) + sgn(w) / k * sum gy * sgn(w).
// gw may be gy.
void binarize_grad(ThreadPool& pool, size_t co, size_t k, const float* gy, const float* w, float* gw);
