#include "batch_norm.h"

#include <algorithm>
#include <cmath>

#include "../runtime/scratch_layout.h"
#include "row_chunks.h"

namespace {
// mean[c] of x and variance[c] = sum (x - mean)^2 / rows, from those of each chunk, so that no large sums are subtracted.
void combine_moments(const RowChunks& chunks, double rows, const double* chunk_mean, const double* chunk_squares, double* mean,
                     double* variance) {
  std::fill(mean, mean + chunks.channels(), 0.0);
  std::fill(variance, variance + chunks.channels(), 0.0);
  chunks.each_partial([&](double weight, size_t i, size_t c) { mean[c] += weight / rows * chunk_mean[i]; });
  chunks.each_partial([&](double weight, size_t i, size_t c) {
    const double distance = chunk_mean[i] - mean[c];
    variance[c] += (chunk_squares[i] + weight * distance * distance) / rows;
  });
}

float lerp(float from, double to, double t) { return static_cast<float>(from + t * (to - from)); }
}  // namespace

Status batch_norm_train(const KernelTable& kernels, ThreadPool& pool, const BatchNormTrainArgs& a) {
  const RowChunks chunks(a.rows, a.channels);
  const size_t partial = chunks.count() * chunks.width(), width = chunks.width();
  ScratchLayout layout;
  const auto chunk_mean_slot = layout.add<double>(partial), chunk_squares_slot = layout.add<double>(partial);
  const auto mean_slot = layout.add<double>(a.channels), variance_slot = layout.add<double>(a.channels);
  const auto center_slot = layout.add<float>(width), scale_slot = layout.add<float>(width), shift_slot = layout.add<float>(width);
  const Scratch scratch(layout);
  if (!scratch) return Status::kMemory;
  double *const chunk_mean = scratch[chunk_mean_slot], *const chunk_squares = scratch[chunk_squares_slot];
  double *const mean = scratch[mean_slot], *const variance = scratch[variance_slot];
  float *const center = scratch[center_slot], *const scale = scratch[scale_slot], *const shift = scratch[shift_slot];

  chunks.parallel(pool, [&](size_t i, const RowChunk& chunk) {
    kernels.training.moments(chunk.rows, chunk.width, a.x + chunk.first, chunk_mean + i * width, chunk_squares + i * width);
  });
  const double rows = static_cast<double>(a.rows), unbiased = rows / std::max(rows - 1, 1.0);
  combine_moments(chunks, rows, chunk_mean, chunk_squares, mean, variance);

  for (size_t c = 0; c < a.channels; ++c) {
    variance[c] = variance[c] < 0 ? 0 : variance[c];  // rounding may leave less for a constant channel; NaN stays
    const double inverse = 1 / std::sqrt(variance[c] + a.epsilon);
    a.mean[c] = center[c] = static_cast<float>(mean[c]);
    a.inv_std[c] = static_cast<float>(inverse);
    scale[c] = static_cast<float>(inverse * a.gamma[c]);
    // A mean of -3,200 is known to 1e-4 in float32: the shift makes up for the rest.
    shift[c] = static_cast<float>(a.beta[c] + (center[c] - mean[c]) * inverse * a.gamma[c]);
    a.running_mean[c] = lerp(a.running_mean[c], mean[c], a.momentum);
    a.running_variance[c] = lerp(a.running_variance[c], variance[c] * unbiased, a.momentum);
  }
  for (float* values : {center, scale, shift}) chunks.repeat(values);
  chunks.parallel_backwards(pool, [&](size_t, const RowChunk& chunk) {
    kernels.elementwise.normalize({chunk.rows, chunk.width, a.x + chunk.first, a.residual ? a.residual + chunk.first : nullptr,
                                   a.relu ? kRelu : kNoActivation, center, scale, shift, a.y + chunk.first});
  });
  return Status::kOk;
}

Status batch_norm_grad(const KernelTable& kernels, ThreadPool& pool, const BatchNormGradArgs& a) {
  const RowChunks chunks(a.rows, a.channels);
  const size_t partial = chunks.count() * chunks.width(), width = chunks.width();
  ScratchLayout layout;
  const auto chunk_sum_slot = layout.add<double>(partial), chunk_dot_slot = layout.add<double>(partial);
  const auto sum_slot = layout.add<double>(a.channels), dot_slot = layout.add<double>(a.channels);
  const auto mean_slot = layout.add<float>(width), mean_g_slot = layout.add<float>(width);
  const auto scale_slot = layout.add<float>(width), slope_slot = layout.add<float>(width);
  const Scratch scratch(layout);
  if (!scratch) return Status::kMemory;
  double *const chunk_sum = scratch[chunk_sum_slot], *const chunk_dot = scratch[chunk_dot_slot];
  double *const sum = scratch[sum_slot], *const dot = scratch[dot_slot];
  float *const mean = scratch[mean_slot], *const mean_g = scratch[mean_g_slot];
  float *const scale = scratch[scale_slot], *const slope = scratch[slope_slot];
  std::copy(a.mean, a.mean + a.channels, mean);
  chunks.repeat(mean);

  chunks.parallel(pool, [&](size_t i, const RowChunk& chunk) {
    kernels.training.normalize_grad_sums(
        {chunk.rows, chunk.width, a.gy + chunk.first, a.x + chunk.first, a.y ? a.y + chunk.first : nullptr, mean}, chunk_sum + i * width,
        chunk_dot + i * width, a.gresidual ? a.gresidual + chunk.first : nullptr);
  });
  chunks.add_up(chunk_sum, sum);
  chunks.add_up(chunk_dot, dot);

  const double inv_rows = 1 / static_cast<double>(a.rows);
  for (size_t c = 0; c < a.channels; ++c) {
    const double inverse = a.inv_std[c], ggamma = dot[c] * inverse, factor = a.gamma[c] * inverse;
    a.gbeta[c] = static_cast<float>(sum[c]);
    a.ggamma[c] = static_cast<float>(ggamma);
    mean_g[c] = static_cast<float>(sum[c] * inv_rows);
    scale[c] = static_cast<float>(factor);
    slope[c] = static_cast<float>(factor * inverse * ggamma * inv_rows);
  }
  for (float* values : {mean_g, scale, slope}) chunks.repeat(values);
  // gresidual, if there is one, is gy with the mask already applied.
  const float *const g = a.gresidual ? a.gresidual : a.gy, *const y = a.gresidual ? nullptr : a.y;
  chunks.parallel_backwards(pool, [&](size_t, const RowChunk& chunk) {
    kernels.training.normalize_grad({chunk.rows, chunk.width, g + chunk.first, a.x + chunk.first, y ? y + chunk.first : nullptr, mean},
                                    mean_g, scale, slope, a.gx + chunk.first);
  });
  return Status::kOk;
}
