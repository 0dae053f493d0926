// Plain loops in baseline code: memory bounds their speed, and the result is bit-identical on every instruction set.
#include "sign.h"

#include <algorithm>
#include <cmath>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"

namespace {
float sign_of(float w) { return w < 0.0f ? -1.0f : 1.0f; }

double mean_size(size_t k, const float* w) {
  double sum = 0;
  for (size_t i = 0; i < k; ++i) sum += std::fabs(w[i]);
  return sum / static_cast<double>(k);
}

// Calls body(w) for the first weight of each output channel.
template <class Body>
void each_output(ThreadPool& pool, size_t co, size_t k, Body body) {
  pool.parallel_chunks(co, fit_count(kChunkElems, k), [&](size_t first, size_t count) {
    for (size_t c = first; c < first + count; ++c) body(c * k);
  });
}
}  // namespace

void sign(ThreadPool& pool, const SignShape& s, const float* x, float* y) {
  const size_t row = s.w * s.c, left = s.pad_left * s.c, right = s.pad_right * s.c, padded_row = left + row + right;
  const size_t padded_h = s.pad_top + s.h + s.pad_bottom;
  pool.parallel_chunks(s.n * padded_h, fit_count(kChunkElems, padded_row), [&](size_t first, size_t count) {
    for (size_t r = first; r < first + count; ++r) {
      float* const to = y + r * padded_row;
      const size_t image = r / padded_h, padded = r % padded_h;
      if (padded < s.pad_top || padded >= s.pad_top + s.h) {
        std::fill_n(to, padded_row, 1.0f);
        continue;
      }
      const float* const from = x + (image * s.h + padded - s.pad_top) * row;
      std::fill_n(to, left, 1.0f);
      for (size_t i = 0; i < row; ++i) to[left + i] = sign_of(from[i]);
      std::fill_n(to + left + row, right, 1.0f);
    }
  });
}

void sign_grad(ThreadPool& pool, size_t n, const float* gy, const float* x, float* gx) {
  pool.parallel_chunks(n, kChunkElems, [&](size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) gx[i] = gy[i] * std::max(0.0f, 2.0f - 2.0f * std::fabs(x[i]));
  });
}

void binarize(ThreadPool& pool, size_t co, size_t k, const float* w, float* y) {
  each_output(pool, co, k, [&](size_t at) {
    const auto alpha = static_cast<float>(mean_size(k, w + at));
    for (size_t i = at; i < at + k; ++i) y[i] = alpha * sign_of(w[i]);
  });
}

void binarize_grad(ThreadPool& pool, size_t co, size_t k, const float* gy, const float* w, float* gw) {
  each_output(pool, co, k, [&](size_t at) {
    const auto alpha = static_cast<float>(mean_size(k, w + at));
    double galpha = 0;
    for (size_t i = at; i < at + k; ++i) galpha += static_cast<double>(gy[i]) * sign_of(w[i]);
    const auto shared = static_cast<float>(galpha / static_cast<double>(k));
    for (size_t i = at; i < at + k; ++i) {
      const float own = alpha * gy[i];
      gw[i] = (std::fabs(w[i]) <= 1.0f ? own : 0.0f) + sign_of(w[i]) * shared;
    }
  });
}
