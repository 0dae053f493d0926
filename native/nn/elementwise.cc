#include "elementwise.h"

#include <algorithm>
#include <cmath>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"

void batch_norm(const KernelTable& kernels, ThreadPool& pool, size_t rows, size_t channels, const float* x, const float* mean,
                const float* variance, const float* gamma, const float* beta, double epsilon, float* scale, float* y) {
  for (size_t c = 0; c < channels; ++c) scale[c] = static_cast<float>(gamma[c] / std::sqrt(variance[c] + epsilon));
  normalize(kernels, pool, {rows, channels, x, nullptr, kNoActivation, mean, scale, beta, y});
}

void normalize(const KernelTable& kernels, ThreadPool& pool, const NormalizeArgs& a) {
  pool.parallel_chunks(a.rows, fit_count(kChunkElems, a.channels), [&](size_t first, size_t count) {
    const size_t at = first * a.channels;
    kernels.elementwise.normalize(
        {count, a.channels, a.x + at, a.residual ? a.residual + at : nullptr, a.activation, a.mean, a.scale, a.shift, a.y + at});
  });
}

void center(const KernelTable& kernels, ThreadPool& pool, const CenterArgs& a) {
  pool.parallel_chunks(a.rows, fit_count(kChunkElems, a.channels), [&](size_t first, size_t count) {
    const size_t at = first * a.channels;
    CenterArgs part = a;
    part.rows = count;
    part.x += at;
    if (part.residual) part.residual += at;
    part.y += at;
    kernels.elementwise.center(part);
  });
}

void activate(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* x, const Activation& activation, float* y) {
  pool.parallel_chunks(n, kChunkElems,
                       [&](size_t first, size_t count) { kernels.elementwise.activate(count, x + first, activation, y + first); });
}

void add(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* a, const float* b, float* y) {
  pool.parallel_chunks(n, kChunkElems,
                       [&](size_t first, size_t count) { kernels.elementwise.add(count, a + first, b + first, y + first); });
}

void relu_grad(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* gy, const float* y, float* gx) {
  pool.parallel_chunks(n, kChunkElems,
                       [&](size_t first, size_t count) { kernels.training.relu_grad(count, gy + first, y + first, gx + first); });
}
