// Gradients of the float convolutions. gy [n][ho][wo][co]; x, gx [n][h][w][ci]; w, gw [co][kh][kw][ci/groups]. Outputs overlap nothing.
//
// Those of the adder convolution are not the derivative of |x - w| but the training rule of AdderNet (CVPR 2020, section 3.2):
//
//   input    gx[n,h,w,ci]  = sum clamp(w - x, -1, 1) * gy        or, as an ablation, sum sgn(w - x) * gy
//   filter   gw[co,k]      = sum (x - w) * gy                    or, as an ablation, sum sgn(x - w) * gy
//
// over all outputs whose window holds the input, or all windows. What falls on padding is dropped for x; padding taps do count for gw,
// with x = 0. The results are bit-identical for any number of threads.
//
// Numbers of any size are right, infinities too: an x beyond every w has the slope -1 and one below the slope 1. What rounding leaves is
// small beside sum |gy| for the input and beside sum (|x| + |w|) |gy| for the filter, whose difference of sums cancels where x and w are
// nearly equal.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "shape.h"

enum class InputRule { kHardtanh, kSign };
enum class FilterRule { kFull, kSign };

Status adder_conv2d_grad_input(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, InputRule rule, const float* gy,
                               const float* x, const float* w, float* gx);
Status adder_conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, FilterRule rule, const float* gy,
                                const float* x, const float* w, float* gw);
// gx = sum w * gy and gw = sum x * gy
Status conv2d_grad_input(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* w, float* gx);
Status conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, float* gw);
