// Pooling windows: a ConvShape with one group, co = ci, dilation 1. x [n][h][w][c], y [n][ho][wo][c]; y overlaps nothing.
#pragma once
#include "../runtime/thread_pool.h"
#include "../conv2d/shape.h"

// The largest of each window, padding left out; a NaN in the window gives NaN.
void max_pool2d(ThreadPool& pool, const ConvShape& s, const float* x, float* y);
// The mean of each window over kh * kw, padding counted as zeros.
void average_pool2d(ThreadPool& pool, const ConvShape& s, const float* x, float* y);
