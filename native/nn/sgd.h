// One step of stochastic gradient descent for one parameter.
#pragma once
#include <cstddef>

#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

struct SgdStepArgs {
  size_t n;
  float* value;
  const float* gradient;
  float* velocity;  // null: no momentum
  double learning_rate, momentum, weight_decay;
  bool nesterov;
  // The factor a of the gradient: rate, or, adaptive, rate * sqrt(n) / max(||gradient||_2, 1e-12)     (AdderNet, CVPR 2020, section 3.3)
  double rate;
  bool adaptive;
  double limit;  // of the size of values; infinity: none
};

//   d = a * gradient + weight_decay * value
//   velocity = momentum * velocity + d
//   value -= learning_rate * (velocity, or with Nesterov d + momentum * velocity, or without momentum d), then cut to [-limit, limit]
// A zero gradient stays zero. With the adaptive rate a NaN in the gradient makes the whole parameter NaN.
Status sgd_step(ThreadPool& pool, const SgdStepArgs& a);
