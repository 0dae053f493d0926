// A pooling has a Conv2dShape with one group, co = ci, dilation 1. x [n][h][w][c], y [n][ho][wo][c]; y overlaps nothing.
#pragma once
#include <cstdint>

#include "../conv2d/shape.h"
#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

// y is the largest element of each window without its padding; a NaN in the window gives NaN.
void max_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y);
// The same of quantized numbers, whose order is that of the numbers they stand for; 0 where a window is all padding.
Status max_pool2d(ThreadPool& pool, const Conv2dShape& s, const uint8_t* x, uint8_t* y);
// y is the mean of each window over kh * kw, where padding counts as zeros.
void average_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y);
