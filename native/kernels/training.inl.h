// Batch normalization in training, and the rectifier's gradient (TrainingKernels). Lanes are channels.
#pragma once
#include "training_kernels.h"

namespace {
// A whole vector, or its first n lanes at the end of a row.
struct AllLanes {
  ALWAYS_INLINE f32v get(const float* p) const { return load(p); }
  ALWAYS_INLINE void put(float* p, f32v a) const { store(p, a); }
  ALWAYS_INLINE size_t count() const { return f32v::N; }
};
struct FirstLanes {
  size_t n;
  ALWAYS_INLINE f32v get(const float* p) const { return load_first(p, n); }
  ALWAYS_INLINE void put(float* p, f32v a) const { store_first(p, a, n); }
  ALWAYS_INLINE size_t count() const { return n; }
};

// use(c, lanes) for each vector of a row.
template <class Use>
ALWAYS_INLINE void each_vector(size_t channels, Use use) {
  size_t c = 0;
  for (; c + f32v::N <= channels; c += f32v::N) use(c, AllLanes{});
  if (c < channels) use(c, FirstLanes{channels - c});
}

// step(r, sums) for each row. Four sets of sums, since one addition must wait about 4 cycles for the one before it.
template <int kSums, class Step>
ALWAYS_INLINE void sum_rows(size_t rows, f32v sums[kSums], Step step) {
  f32v part[4][kSums];
  UNROLL for (int i = 0; i < 4; ++i) UNROLL for (int k = 0; k < kSums; ++k) part[i][k] = broadcast(0.0f);
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) UNROLL for (int i = 0; i < 4; ++i) step(r + i, part[i]);
  for (; r < rows; ++r) step(r, part[0]);
  UNROLL for (int k = 0; k < kSums; ++k) sums[k] = add(add(part[0][k], part[1][k]), add(part[2][k], part[3][k]));
}

template <class Lanes>
ALWAYS_INLINE void widen(Lanes lanes, f32v a, double* to) {
  float values[f32v::N];
  store(values, a);
  for (size_t i = 0; i < lanes.count(); ++i) to[i] = values[i];
}

// Two passes, the second from cache: the distance to a nearly right mean loses no digits, whatever the size of the mean. The sum of those
// distances then makes up for what the mean lacks: no float32 holds it.
void moments(size_t rows, size_t channels, const float* x, double* mean, double* squares) {
  const double count = static_cast<double>(rows);
  each_vector(channels, [&](size_t c, auto lanes) {
    const f32v first = lanes.get(x + c);
    f32v sum[1], sums[2];
    sum_rows<1>(rows, sum, [&](size_t r, f32v* s) { s[0] = add(s[0], sub(lanes.get(x + r * channels + c), first)); });
    const f32v center = add(first, mul(sum[0], broadcast(1.0f / static_cast<float>(rows))));
    sum_rows<2>(rows, sums, [&](size_t r, f32v* s) {
      const f32v d = sub(lanes.get(x + r * channels + c), center);
      s[0] = add(s[0], d);
      s[1] = multiply_add(d, d, s[1]);
    });
    double rest[f32v::N];
    widen(lanes, center, mean + c);
    widen(lanes, sums[0], rest);
    widen(lanes, sums[1], squares + c);
    for (size_t i = 0; i < lanes.count(); ++i) {
      mean[c + i] += rest[i] / count;
      squares[c + i] -= rest[i] * rest[i] / count;
    }
  });
}

template <bool kResidual, bool kRelu>
void normalize_rows(const NormalizeArgs& a) {
  const f32v zero = broadcast(0.0f);
  for (size_t r = 0; r < a.rows; ++r) {
    const size_t row = r * a.channels;
    each_vector(a.channels, [&](size_t c, auto lanes) {
      f32v y = add(mul(sub(lanes.get(a.x + row + c), lanes.get(a.mean + c)), lanes.get(a.scale + c)), lanes.get(a.shift + c));
      if constexpr (kResidual) y = add(y, lanes.get(a.residual + row + c));
      if constexpr (kRelu) y = at_least(zero, y);
      lanes.put(a.y + row + c, y);
    });
  }
}

void normalize_fused(const NormalizeArgs& a) {
  if (a.residual) return a.relu ? normalize_rows<true, true>(a) : normalize_rows<true, false>(a);
  return a.relu ? normalize_rows<false, true>(a) : normalize_rows<false, false>(a);
}

template <bool kRelu, class Lanes>
ALWAYS_INLINE f32v gradient(const NormalizeGradArgs& a, size_t i, Lanes lanes) {
  const f32v g = lanes.get(a.gy + i);
  if constexpr (kRelu) return where_positive(lanes.get(a.y + i), g);
  return g;
}

template <bool kRelu, bool kKeep>
void grad_sums(const NormalizeGradArgs& a, double* sum, double* dot, float* masked) {
  each_vector(a.channels, [&](size_t c, auto lanes) {
    const f32v mean = lanes.get(a.mean + c);
    f32v sums[2];
    sum_rows<2>(a.rows, sums, [&](size_t r, f32v* s) {
      const size_t i = r * a.channels + c;
      const f32v g = gradient<kRelu>(a, i, lanes);
      if constexpr (kKeep) lanes.put(masked + i, g);
      s[0] = add(s[0], g);
      s[1] = multiply_add(g, sub(lanes.get(a.x + i), mean), s[1]);
    });
    widen(lanes, sums[0], sum + c);
    widen(lanes, sums[1], dot + c);
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

void column_sums(size_t rows, size_t channels, const float* x, double* sum) {
  each_vector(channels, [&](size_t c, auto lanes) {
    f32v sums[1];
    sum_rows<1>(rows, sums, [&](size_t r, f32v* s) { s[0] = add(s[0], lanes.get(x + r * channels + c)); });
    widen(lanes, sums[0], sum + c);
  });
}

void relu_grad(size_t n, const float* gy, const float* y, float* gx) {
  each_vector(n, [&](size_t i, auto lanes) { lanes.put(gx + i, where_positive(lanes.get(y + i), lanes.get(gy + i))); });
}

constexpr TrainingKernels kTraining = {moments, normalize_fused, normalize_grad_sums, normalize_grad, column_sums, relu_grad};
}  // namespace
