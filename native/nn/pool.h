// A pooling has a Conv2dShape with one group, co = ci, dilation 1. x [n][h][w][c], y [n][ho][wo][c]; y overlaps nothing.
#pragma once
#include <cstdint>

#include "../conv2d/shape.h"
#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

// y is the largest element of each window without its padding; a NaN in the window gives NaN.
void max_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y);
// The same of quantized numbers, uint8_t or int16_t, whose order is that of the numbers they stand for; the least that Q holds where a
// window is all padding.
template <class Q>
Status max_pool2d(ThreadPool& pool, const Conv2dShape& s, const Q* x, Q* y);
// y is the mean of each window over kh * kw, where padding counts as zeros.
void average_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y);
