// Gradients of the poolings of pool.h. x, gx [n][h][w][c], gy [n][ho][wo][c]; gx overlaps nothing. An image is one task, since windows may
// overlap and no two threads may add to the same element.
#pragma once
#include "../conv2d/shape.h"
#include "../kernels/kernel_table.h"
#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

// Each window's gradient goes to its largest element, the first of several, row by row; to some element of it if one is NaN.
Status max_pool2d_grad(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, float* gx);
// gx = sum of gy / (kh * kw) over the windows that hold the pixel
void average_pool2d_grad(ThreadPool& pool, const Conv2dShape& s, const float* gy, float* gx);
