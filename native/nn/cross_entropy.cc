#include "cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "../runtime/block_sizes.h"
#include "../runtime/scratch_layout.h"
#include "../runtime/round.h"

namespace {
struct Row {
  double loss;
  bool correct;
};

// exp is computed by expm1, and log by log1p: exp and log themselves need a newer glibc than Node does (GLIBC_2.29).
double exponential(double x) { return 1 + std::expm1(x); }

// The largest logit z_m is subtracted first, so that no exponential overflows:
//   log sum_c exp(z_c) = z_m + log(1 + rest),    rest = sum_{c != m} exp(z_c - z_m)
Row row_loss(size_t classes, const float* logits, size_t target, double smoothing, double scale, float* grad) {
  const size_t arg_max = static_cast<size_t>(std::max_element(logits, logits + classes) - logits);
  const double max = logits[arg_max], target_logit = logits[target] - max;
  double rest = 0, sum = 0;
  for (size_t c = 0; c < classes; ++c) {
    const double logit = logits[c] - max;
    sum += logit;
    if (c != arg_max) rest += exponential(logit);
  }
  const double uniform = smoothing / static_cast<double>(classes);
  double loss = std::log1p(rest) - (1 - smoothing) * target_logit;
  if (smoothing > 0) loss -= uniform * sum;  // without smoothing, a logit of -infinity is a class of probability 0
  for (size_t c = 0; c < classes; ++c) {
    const double target_probability = uniform + (c == target ? 1 - smoothing : 0);
    grad[c] = static_cast<float>((exponential(logits[c] - max) / (1 + rest) - target_probability) * scale);
  }
  return {loss, arg_max == target && !std::isnan(loss)};
}
}  // namespace

Status softmax_cross_entropy(ThreadPool& pool, size_t n, size_t classes, const float* logits, const int32_t* targets, double smoothing,
                             float* grad, CrossEntropy* result) {
  ScratchLayout layout;
  const auto row_slot = layout.add<Row>(n);
  const Scratch scratch(layout);
  if (!scratch) return Status::kMemory;
  Row* const rows = scratch[row_slot];
  const double scale = 1.0 / static_cast<double>(n);
  pool.parallel_chunks(n, fit_count(kCrossEntropyTaskElems, classes), [&](size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i)
      rows[i] = row_loss(classes, logits + i * classes, static_cast<size_t>(targets[i]), smoothing, scale, grad + i * classes);
  });
  *result = {0, 0};
  for (size_t i = 0; i < n; ++i) {
    result->loss += rows[i].loss * scale;
    result->correct += rows[i].correct;
  }
  return Status::kOk;
}
