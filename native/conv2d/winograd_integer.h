// Winograd adder layers of integers, exact (conv2d/winograd.h has those of floats). x [n][h][w][ci], filters U [4][4][co][ci] of the type
// of x, constants [4][co] of outputs (0, 0), (0, 1), (1, 0), (1, 1) of a tile, null for zeros, sums y [n][ho][wo][co]:
//
//   V = B^T d B                           exact in 16 bits; padding reads `padding`, and is transformed like everything
//   V'[p] = clamp((V[p] + offsets[p]) >> shifts[p], 0, 255)      of bytes; V'[p] = V[p] of int16
//   S[p] = - sum_ci |V'[p] - U[p]|
//   y' = A^T (S[p] * 2^shifts[p]) A + constants
//   y = y' - floor(mean_co y' + 1/2)
//
// int16 holds V of x and padding of 13 bits and sign; others wrap around.
#pragma once
#include <memory>

#include "integer.h"

constexpr int kMinWinogradOffset = -16384, kMaxWinogradOffset = 16383, kMaxWinogradShift = 7;
constexpr int kMinWinogradInput = -8192, kMaxWinogradInput = 8191;  // of int16
constexpr int32_t kMaxWinogradConstant = 1 << 29;

// The most channels whose sums fit int32, whatever the constants: an output has nine of S, and is as far from the mean as two outputs can
// be from each other.
constexpr size_t max_winograd_bytes(uint8_t max_shift) { return (size_t{1} << 30) / (size_t{9 * 255} << max_shift); }
constexpr size_t kMaxWinogradShorts = (size_t{1} << 30) / (9 * 65535);

// Null if memory is out. The table outlives what is packed; the rest is copied. The shape fits_winograd and has at most so many channels;
// offsets, shifts and constants lie within their limits. The shape's n is the number of images to choose tiles for.
std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                         const uint8_t* u, uint8_t padding,
                                                                         const WinogradRounding& rounding, const int32_t* constants);
std::unique_ptr<PackedIntegerConv2d<int16_t>> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                         const int16_t* u, int16_t padding, const int32_t* constants);
