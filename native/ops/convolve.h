// Float convolutions forward. x [n][h][w][ci], w [co][kh][kw][ci/groups], bias [co] or null, y [n][ho][wo][co]; y overlaps nothing.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "conv_shape.h"

// y = - sum |x - w| + bias        AdderNet, CVPR 2020, eq. 2; padding reads zeros and counts
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* x, const float* w, const float* bias,
                    float* y);
// y = sum x * w + bias            the multiplication baseline, on the same drivers and tiles
Status conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* x, const float* w, const float* bias,
              float* y);
