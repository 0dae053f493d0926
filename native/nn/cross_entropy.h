// Softmax and cross-entropy in one: the loss of a classifier and its gradient.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

struct CrossEntropy {
  double loss;     // mean over the rows
  size_t correct;  // rows whose target is the first of the largest logits
};

// p = softmax(logits[n][classes])        q = (1 - smoothing) * [c = target] + smoothing / classes
//   loss = - 1/n sum_{n,c} q log p          grad[n][c] = (p - q) / n
// targets[n] lie in 0 … classes - 1. grad may be logits. A NaN in a row makes its loss and gradient NaN, and an
// infinity may.
Status softmax_cross_entropy(ThreadPool& pool, size_t n, size_t classes, const float* logits, const int32_t* targets, double smoothing,
                             float* grad, CrossEntropy* result);
