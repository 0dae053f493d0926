// Plain loops in baseline code: memory bounds the speed of a step, and the result is bit-identical on every instruction set.
#include "sgd.h"

#include <algorithm>
#include <cmath>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "../runtime/scratch_layout.h"

namespace {
double sum_of_squares(const float* x, size_t n) {
  double part[4] = {};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t lane = 0; lane < 4; ++lane) part[lane] += static_cast<double>(x[i + lane]) * x[i + lane];
  for (; i < n; ++i) part[0] += static_cast<double>(x[i]) * x[i];
  return part[0] + part[1] + part[2] + part[3];
}

// sqrt(sum x^2), where chunks of a fixed size are added up in order.
Status norm(ThreadPool& pool, const float* x, size_t n, double* result) {
  const size_t chunks = divide_up(n, kChunkElems);
  ScratchLayout layout;
  const auto partial_slot = layout.add<double>(chunks);
  const Scratch scratch(layout);
  if (!scratch) return Status::kMemory;
  double* const partial = scratch[partial_slot];
  pool.parallel_chunks(n, kChunkElems,
                       [&](size_t first, size_t count) { partial[first / kChunkElems] = sum_of_squares(x + first, count); });
  double sum = 0;
  for (size_t chunk = 0; chunk < chunks; ++chunk) sum += partial[chunk];
  *result = std::sqrt(sum);
  return Status::kOk;
}
struct Factors {
  float gradient, decay, momentum;
  float d_factor, velocity_factor;  // the step is d_factor * d + velocity_factor * velocity
  float learning_rate, limit;

  // A NaN stays.
  float cut(float w) const { return std::max(std::min(w, limit), -limit); }
};

void step(size_t n, const Factors f, const float* __restrict g, float* __restrict w) {
  for (size_t i = 0; i < n; ++i) w[i] = f.cut(w[i] - f.learning_rate * (f.gradient * g[i] + f.decay * w[i]));
}

void step_with_momentum(size_t n, const Factors f, const float* __restrict g, float* __restrict v, float* __restrict w) {
  for (size_t i = 0; i < n; ++i) {
    const float d = f.gradient * g[i] + f.decay * w[i];
    v[i] = f.momentum * v[i] + d;
    w[i] = f.cut(w[i] - f.learning_rate * (f.d_factor * d + f.velocity_factor * v[i]));
  }
}
}  // namespace

Status sgd_step(ThreadPool& pool, const SgdStepArgs& a) {
  double rate = a.rate;
  if (a.adaptive) {
    double length;
    const Status status = norm(pool, a.gradient, a.n, &length);
    if (status != Status::kOk) return status;
    rate *= std::sqrt(static_cast<double>(a.n)) / std::max(length, 1e-12);  // in this order a NaN stays
  }
  const Factors f = {static_cast<float>(rate),
                     static_cast<float>(a.weight_decay),
                     static_cast<float>(a.momentum),
                     a.nesterov ? 1.0f : 0.0f,
                     a.nesterov ? static_cast<float>(a.momentum) : 1.0f,
                     static_cast<float>(a.learning_rate),
                     static_cast<float>(a.limit)};
  pool.parallel_chunks(a.n, kChunkElems, [&](size_t first, size_t count) {
    if (a.velocity) step_with_momentum(count, f, a.gradient + first, a.velocity + first, a.value + first);
    else step(count, f, a.gradient + first, a.value + first);
  });
  return Status::kOk;
}
