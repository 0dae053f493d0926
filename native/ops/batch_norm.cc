#include "batch_norm.h"

#include <algorithm>
#include <cmath>

#include "../runtime/scratch.h"
#include "row_chunks.h"

namespace {
// mean[c] of x and variance[c] = sum (x - mean)^2 / rows, from those of each chunk: no difference of large sums anywhere.
void combine_moments(size_t rows, size_t channels, const double* chunk_mean, const double* chunk_squares, double* mean, double* variance) {
  const double share = 1.0 / static_cast<double>(rows);
  std::fill(mean, mean + channels, 0.0);
  std::fill(variance, variance + channels, 0.0);
  for (size_t chunk = 0; chunk < row_chunks(rows); ++chunk) {
    const double weight = static_cast<double>(rows_of_chunk(rows, chunk)) * share;
    for (size_t c = 0; c < channels; ++c) mean[c] += weight * chunk_mean[chunk * channels + c];
  }
  for (size_t chunk = 0; chunk < row_chunks(rows); ++chunk) {
    const double weight = static_cast<double>(rows_of_chunk(rows, chunk)) * share;
    for (size_t c = 0; c < channels; ++c) {
      const double apart = chunk_mean[chunk * channels + c] - mean[c];
      variance[c] += share * chunk_squares[chunk * channels + c] + weight * apart * apart;
    }
  }
}

float towards(float from, double to, double share) { return static_cast<float>(from + share * (to - from)); }
}  // namespace

Status batch_norm_train(const KernelTable& kernels, ThreadPool& pool, const BatchNormTrainArgs& a) {
  const size_t channels = a.channels, partial = row_chunks(a.rows) * channels;
  auto* const chunk_mean =
      static_cast<double*>(thread_scratch((2 * partial + 2 * channels) * sizeof(double) + 2 * channels * sizeof(float)));
  if (!chunk_mean) return Status::kMemory;
  double *const chunk_squares = chunk_mean + partial, *const mean = chunk_squares + partial, *const variance = mean + channels;
  float *const scale = reinterpret_cast<float*>(variance + channels), *const shift = scale + channels;

  each_row_chunk(pool, a.rows, channels, [&](size_t chunk, size_t first, size_t rows) {
    kernels.training.moments(rows, channels, a.x + first, chunk_mean + chunk * channels, chunk_squares + chunk * channels);
  });
  combine_moments(a.rows, channels, chunk_mean, chunk_squares, mean, variance);

  const double unbiased = static_cast<double>(a.rows) / static_cast<double>(std::max<size_t>(a.rows - 1, 1));
  for (size_t c = 0; c < channels; ++c) {
    const double inverse = 1 / std::sqrt(std::max(variance[c], 0.0) + a.epsilon);  // rounding may leave a constant channel below 0
    a.mean[c] = static_cast<float>(mean[c]);
    a.inverse_deviation[c] = static_cast<float>(inverse);
    scale[c] = static_cast<float>(inverse * a.gamma[c]);
    // A mean of -3,200 is known to 1e-4 in float32: the shift makes up for the rest.
    shift[c] = static_cast<float>(a.beta[c] + (a.mean[c] - mean[c]) * inverse * a.gamma[c]);
    a.running_mean[c] = towards(a.running_mean[c], mean[c], a.momentum);
    a.running_variance[c] = towards(a.running_variance[c], variance[c] * unbiased, a.momentum);
  }
  each_row_chunk(pool, a.rows, channels, [&](size_t, size_t first, size_t rows) {
    kernels.training.normalize(
        {rows, channels, a.x + first, a.residual ? a.residual + first : nullptr, a.relu, a.mean, scale, shift, a.y + first});
  });
  return Status::kOk;
}

Status batch_norm_grad(const KernelTable& kernels, ThreadPool& pool, const BatchNormGradArgs& a) {
  const size_t channels = a.channels, chunks = row_chunks(a.rows);
  auto* const partial = static_cast<double*>(thread_scratch((chunks + 1) * 2 * channels * sizeof(double) + 3 * channels * sizeof(float)));
  if (!partial) return Status::kMemory;
  double *const sum = partial + chunks * 2 * channels, *const dot = sum + channels;  // [chunks][sum, dot][channels], then the totals
  float *const mean_g = reinterpret_cast<float*>(dot + channels), *const scale = mean_g + channels, *const slope = scale + channels;

  each_row_chunk(pool, a.rows, channels, [&](size_t chunk, size_t first, size_t rows) {
    const NormalizeGradArgs args = {rows, channels, a.gy + first, a.x + first, a.y ? a.y + first : nullptr, a.mean};
    double* const sums = partial + chunk * 2 * channels;
    kernels.training.normalize_grad_sums(args, sums, sums + channels, a.gresidual ? a.gresidual + first : nullptr);
  });
  add_chunks(chunks, 2 * channels, partial, sum);

  const double share = 1.0 / static_cast<double>(a.rows);
  for (size_t c = 0; c < channels; ++c) {
    const double inverse = a.inverse_deviation[c];
    a.gbeta[c] = static_cast<float>(sum[c]);
    a.ggamma[c] = static_cast<float>(dot[c] * inverse);
    mean_g[c] = static_cast<float>(sum[c] * share);
    scale[c] = static_cast<float>(a.gamma[c] * inverse);
    slope[c] = static_cast<float>(a.gamma[c] * inverse * inverse * inverse * dot[c] * share);
  }
  // gresidual, if there is one, is gy with the mask already applied.
  const float *const g = a.gresidual ? a.gresidual : a.gy, *const y = a.gresidual ? nullptr : a.y;
  each_row_chunk(pool, a.rows, channels, [&](size_t, size_t first, size_t rows) {
    kernels.training.normalize_grad({rows, channels, g + first, a.x + first, y ? y + first : nullptr, a.mean}, mean_g, scale, slope,
                                    a.gx + first);
  });
  return Status::kOk;
}
