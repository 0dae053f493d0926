// Integer convolutions forward, exact. x [n][h][w][ci], w [co][kh][kw][ci/groups], y [n][ho][wo][co]; y overlaps nothing. Padding reads
// `padding`, a number like those of x: the zero point where numbers are quantised.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "conv_shape.h"

// The longest filter, in elements, whose sum is sure to fit int32.
constexpr size_t kMostL1Bytes = INT32_MAX / 255, kMostL1Shorts = INT32_MAX / 65535, kMostDotBytes = INT32_MAX / (255 * 128);

// y = - sum |x - w|; kShape if a filter is longer than kMostL1Bytes or kMostL1Shorts
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const uint8_t* x, const uint8_t* w, uint8_t padding,
                    int32_t* y);
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const int8_t* x, const int8_t* w, int8_t padding,
                    int32_t* y);
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const int16_t* x, const int16_t* w, int16_t padding,
                    int32_t* y);
// y = sum x * w, the multiplication baseline; kShape if a filter is longer than kMostDotBytes. `seven_bits` promises weights in [-64, 63].
Status int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const uint8_t* x, const int8_t* w, uint8_t padding,
                   bool seven_bits, int32_t* y);
