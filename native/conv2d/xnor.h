// Binary convolution, forward: the baseline that keeps signs only. Layouts are those of conv2d/conv2d.h.
#pragma once
#include "conv2d.h"

constexpr size_t kMaxSigns = INT32_MAX;  // signs of a window: counts are 32 bits wide

// y = alpha[co] * sum sgn(x) * sgn(w) + bias        alpha[co] = mean |w[co]|, sgn(0) = +1; padding is 0 and so counts as +1
// A NaN in x counts as +1; one in a filter makes alpha, and so its channel, NaN.
Status xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   float* y);

// A window has at most kMaxSigns signs. Null if memory is out.
std::unique_ptr<PackedConv2d> pack_xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w,
                                               const Epilogue& epilogue);
