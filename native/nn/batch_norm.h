// Batch normalization in training, with ReLU and the addition of a residual fused in: memory bounds the speed of the layer.
// x, y, residual and their gradients are [rows][channels], a row being a pixel; statistics and parameters [channels].
#pragma once
#include <cstddef>

#include "../kernels/kernel_table.h"
#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

struct BatchNormTrainArgs {
  size_t rows, channels;
  const float *x, *gamma, *beta;
  const float* residual;  // or null
  bool relu;              // no other activation: the gradient masks by y > 0, which an upper bound would make wrong
  double momentum, epsilon;
  float *running_mean, *running_variance;  // updated in place
  float* y;                                // may be x or residual
  float *mean, *inv_std;                   // for the gradient
};

//   mean = sum x / rows        variance = sum (x - mean)^2 / rows        inv_std = 1 / sqrt(variance + epsilon)
//   y = (x - mean) * inv_std * gamma + beta (+ residual) (then max(0, .))
//   running_mean += momentum * (mean - running_mean), and running_variance likewise, towards sum (x - mean)^2 / (rows - 1), or 0 for one
//   row
// A NaN or an infinity in x makes its channel NaN.
Status batch_norm_train(const KernelTable& kernels, ThreadPool& pool, const BatchNormTrainArgs& a);

struct BatchNormGradArgs {
  size_t rows, channels;
  const float *gy, *x;
  const float* y;  // of the forward pass, where ReLU was fused in; else null
  const float *gamma, *mean, *inv_std;
  float* gx;  // may be gy
  float *ggamma, *gbeta;
  float* gresidual;  // null, or with y: takes g; may be gy
};

//   g = gy where y > 0, else 0; or gy        x^ = (x - mean) * inv_std
//   gbeta = sum g        ggamma = sum g * x^
//   gx = gamma * inv_std * (g - gbeta / rows - x^ * ggamma / rows)
Status batch_norm_grad(const KernelTable& kernels, ThreadPool& pool, const BatchNormGradArgs& a);
