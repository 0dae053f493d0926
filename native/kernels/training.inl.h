// Batch normalization in training, and the gradients of ReLU and of max pooling (TrainingKernels). Lanes are channels.
#pragma once
#include "lanes.inl.h"
#include "training_kernels.h"

namespace {
// Channels whose sums are kept side by side: with the rows being read they fit the L1 cache, and long pieces of rows are read.
constexpr size_t kBlock = 128;
static_assert(kBlock % f32v::N == 0, "a sum's last vector is whole");
using Sums = float[kBlock];

// use(first channel, channels) for each block of a row.
template <class Use>
ALWAYS_INLINE void each_block(size_t channels, Use use) {
  for (size_t c = 0; c < channels; c += kBlock) use(c, channels - c < kBlock ? channels - c : kBlock);
}

// accumulate(r, c, lanes, sums of that vector) for kRows rows from r. Eight rows hide the way of a sum through memory, and two chains hide
// half of the latency of an addition.
template <int kRows, int kSums, class Accumulate>
ALWAYS_INLINE void add_rows(size_t r, size_t width, Sums* sums, Accumulate accumulate) {
  each_vector(width, [&](size_t c, auto lanes) {
    f32v even[kSums], odd[kSums];
    UNROLL for (int k = 0; k < kSums; ++k) {
      even[k] = load(sums[k] + c);
      odd[k] = broadcast(0.0f);
    }
    UNROLL for (int i = 0; i < kRows; ++i) accumulate(r + i, c, lanes, i % 2 ? odd : even);
    UNROLL for (int k = 0; k < kSums; ++k) store(sums[k] + c, add(even[k], odd[k]));
  });
}

template <int kSums, class Accumulate>
ALWAYS_INLINE void sum_rows(size_t rows, size_t width, Sums* sums, Accumulate accumulate) {
  size_t r = 0;
  for (; r + 8 <= rows; r += 8) add_rows<8, kSums>(r, width, sums, accumulate);
  for (; r < rows; ++r) add_rows<1, kSums>(r, width, sums, accumulate);
}

// Two passes, the second from cache: the distance to a nearly right mean loses no digits, whatever the size of the mean. The sum of those
// distances then makes up for what the mean lacks: no float32 holds it.
void moments(size_t rows, size_t channels, const float* x, double* mean, double* squares) {
  const double count = static_cast<double>(rows);
  const f32v inverse_rows = broadcast(1.0f / static_cast<float>(rows));
  each_block(channels, [&](size_t block, size_t width) {
    const float* const in = x + block;
    Sums center = {}, sums[2] = {};
    sum_rows<1>(rows, width, &center, [&](size_t r, size_t c, auto lanes, f32v* s) {
      s[0] = add(s[0], sub(lanes.get(in + r * channels + c), lanes.get(in + c)));
    });
    each_vector(width, [&](size_t c, auto lanes) { store(center + c, add(lanes.get(in + c), mul(load(center + c), inverse_rows))); });
    sum_rows<2>(rows, width, sums, [&](size_t r, size_t c, auto lanes, f32v* s) {
      const f32v d = sub(lanes.get(in + r * channels + c), load(center + c));
      s[0] = add(s[0], d);
      s[1] = multiply_add(d, d, s[1]);
    });
    for (size_t c = 0; c < width; ++c) {
      const double rest = sums[0][c];
      mean[block + c] = center[c] + rest / count;
      squares[block + c] = sums[1][c] - rest * rest / count;
    }
  });
}

template <bool kRelu, class Lanes>
ALWAYS_INLINE f32v gradient(const NormalizeGradArgs& a, size_t i, Lanes lanes) {
  const f32v g = lanes.get(a.gy + i);
  if constexpr (kRelu) return where_positive(lanes.get(a.y + i), g);
  return g;
}

template <bool kRelu, bool kStore>
void grad_sums(const NormalizeGradArgs& a, double* sum, double* dot, float* masked) {
  each_block(a.channels, [&](size_t block, size_t width) {
    Sums sums[2] = {};
    sum_rows<2>(a.rows, width, sums, [&](size_t r, size_t c, auto lanes, f32v* s) {
      const size_t i = r * a.channels + block + c;
      const f32v g = gradient<kRelu>(a, i, lanes);
      if constexpr (kStore) lanes.put(masked + i, g);
      s[0] = add(s[0], g);
      s[1] = multiply_add(g, sub(lanes.get(a.x + i), lanes.get(a.mean + block + c)), s[1]);
    });
    for (size_t c = 0; c < width; ++c) {
      sum[block + c] = sums[0][c];
      dot[block + c] = sums[1][c];
    }
  });
}

void normalize_grad_sums(const NormalizeGradArgs& a, double* sum, double* dot, float* masked) {
  if (!a.y) return grad_sums<false, false>(a, sum, dot, nullptr);
  return masked ? grad_sums<true, true>(a, sum, dot, masked) : grad_sums<true, false>(a, sum, dot, nullptr);
}

template <bool kRelu>
void grad_rows(const NormalizeGradArgs& a, const float* mean_g, const float* scale, const float* slope, float* gx) {
  for (size_t r = 0; r < a.rows; ++r) {
    const size_t row = r * a.channels;
    each_vector(a.channels, [&](size_t c, auto lanes) {
      const f32v of_g = mul(sub(gradient<kRelu>(a, row + c, lanes), lanes.get(mean_g + c)), lanes.get(scale + c));
      const f32v of_x = mul(sub(lanes.get(a.x + row + c), lanes.get(a.mean + c)), lanes.get(slope + c));
      lanes.put(gx + row + c, sub(of_g, of_x));
    });
  }
}

void normalize_grad(const NormalizeGradArgs& a, const float* mean_g, const float* scale, const float* slope, float* gx) {
  return a.y ? grad_rows<true>(a, mean_g, scale, slope, gx) : grad_rows<false>(a, mean_g, scale, slope, gx);
}

void channel_sums(size_t rows, size_t channels, const float* x, double* sum) {
  each_block(channels, [&](size_t block, size_t width) {
    Sums sums = {};
    sum_rows<1>(rows, width, &sums,
                [&](size_t r, size_t c, auto lanes, f32v* s) { s[0] = add(s[0], lanes.get(x + r * channels + block + c)); });
    for (size_t c = 0; c < width; ++c) sum[block + c] = sums[c];
  });
}

void relu_grad(size_t n, const float* gy, const float* y, float* gx) {
  each_vector(n, [&](size_t i, auto lanes) { lanes.put(gx + i, where_positive(lanes.get(y + i), lanes.get(gy + i))); });
}

// The winner's number is a float, so that it stays in the lanes: it moves to tap t by t - winner where x exceeds the largest so far.
void max_pool_grad(size_t count, const size_t* taps, size_t channels, const float* x, const float* g, float* gx) {
  const f32v one = broadcast(1.0f);
  each_vector(channels, [&](size_t c, auto lanes) {
    f32v largest = lanes.get(x + taps[0] + c), winner = broadcast(0.0f);
    for (size_t t = 1; t < count; ++t) {
      const f32v in = lanes.get(x + taps[t] + c);
      winner = add(winner, where_positive(sub(in, largest), sub(broadcast(static_cast<float>(t)), winner)));
      largest = max(largest, in);
    }
    const f32v gradient = lanes.get(g + c);
    for (size_t t = 0; t < count; ++t) {
      const f32v hit = sub(one, abs_diff(winner, broadcast(static_cast<float>(t))));
      lanes.put(gx + taps[t] + c, add(lanes.get(gx + taps[t] + c), where_positive(hit, gradient)));
    }
  });
}

constexpr TrainingKernels kTraining = {moments, normalize_grad_sums, normalize_grad, channel_sums, relu_grad, max_pool_grad};
}  // namespace
