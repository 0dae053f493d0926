// Passes over whole tensors, cut into chunks for the threads.
#pragma once
#include <cstddef>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"

// y[r][c] = (x[r][c] - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c]      batch normalization at inference; y may be x
// The mean is taken off first: y of an adder layer reaches -3,200 where its standard deviation is 2 to 15, and folding the mean into an
// offset would cancel digits. `scale` is working memory for channels floats.
void batch_norm(const KernelTable& kernels, ThreadPool& pool, size_t rows, size_t channels, const float* x, const float* mean,
                const float* variance, const float* gamma, const float* beta, double epsilon, float* scale, float* y);
// y = activation((x - mean) * scale + shift (+ residual)); y may be x or residual
void normalize(const KernelTable& kernels, ThreadPool& pool, const NormalizeArgs& a);
// y = activation((x - mean over the channels + bias) * scale + shift (+ residual)); y may be x or residual
void center(const KernelTable& kernels, ThreadPool& pool, const CenterArgs& a);
void activate(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* x, const Activation& activation, float* y);
void add(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* a, const float* b, float* y);
void relu_grad(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* gy, const float* y, float* gx);
