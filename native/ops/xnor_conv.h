// Binary convolution, forward: the baseline that keeps signs only. Layouts as in convolve.h.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "conv_shape.h"

// y = alpha[co] * sum sgn(x) * sgn(w) + bias        alpha[co] = mean |w[co]|, sgn(0) = +1; padding is 0 and so counts as +1
// A NaN in x counts as +1; one in a filter makes alpha, and so its channel, NaN.
Status xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* x, const float* w, const float* bias,
                   float* y);
