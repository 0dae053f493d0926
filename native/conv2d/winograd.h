// Winograd adder layers: 3x3 windows at stride 1 as F(2x2, 3x3) (native/kernels/winograd_kernels.h). x [n][h][w][ci], filters U
// [4][4][co][ci], y [n][ho][wo][co]. A network of its own, not another way to the numbers of an adder layer: L1 does not distribute over
// the transforms. An output costs 4 pairs for each channel of x where a window has 9.
#pragma once
#include <memory>

#include "../kernels/kernel_table.h"
#include "conv2d.h"

// 3x3, stride 1, dilation 1, one group; any padding.
bool fits_winograd(const Conv2dShape& s);
// Elements of U.
size_t winograd_filter_elems(const Conv2dShape& s);

// Null if memory is out.
std::unique_ptr<PackedConv2d> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* u,
                                                         const Epilogue& epilogue);
Status winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* u,
                             const float* bias, float* y);

// Gradients by the rule of adder layers (conv2d/grad.h), in the transformed domain; gs = A gy A^T, gy centered as y is:
//
//   filters   gu[p] = sum over tiles of gs[p] * (V[p] - U[p])
//   input     gv[p] = sum_co gs[p] * clamp(U[p] - V[p], -1, 1),  gx = B gv B^T, added up where tiles overlap
//
// What falls on padding is dropped for x. Bit-identical for any number of threads.
Status winograd_adder_conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy,
                                         const float* x, const float* u, float* gu);
Status winograd_adder_conv2d_grad_input(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x,
                                        const float* u, float* gx);
