// Quantizing floats, and rescaling exact sums to quantized numbers or floats, a vector of channels at a time (QuantizeKernels).
#pragma once
#include "activation.inl.h"
#include "lanes.inl.h"
#include "quantize_kernels.h"

namespace {
template <class Q>
ALWAYS_INLINE f32v get_quantized(WholeVector, const Q* p) {
  return to_float(load_widened(p));
}
template <class Q>
ALWAYS_INLINE f32v get_quantized(PartialVector lanes, const Q* p) {
  return to_float(load_partial_widened(p, lanes.n));
}
template <class Q>
ALWAYS_INLINE void put_quantized(WholeVector, Q* p, i32v q) {
  store_narrowed(p, q);
}
template <class Q>
ALWAYS_INLINE void put_quantized(PartialVector lanes, Q* p, i32v q) {
  store_partial_narrowed(p, q, lanes.n);
}

// The residual that is added to a rescaled sum; `at` counts elements from its first.
struct NoResidual {
  template <class Lanes>
  ALWAYS_INLINE f32v added(f32v v, size_t, Lanes) const {
    return v;
  }
};
template <class Q>
struct QuantizedResidual {
  const Q* residual;
  f32v scale;
  template <class Lanes>
  ALWAYS_INLINE f32v added(f32v v, size_t at, Lanes lanes) const {
    return add(v, mul(scale, get_quantized(lanes, residual + at)));
  }
};
struct FloatResidual {
  const float* floats;
  template <class Lanes>
  ALWAYS_INLINE f32v added(f32v v, size_t at, Lanes lanes) const {
    return add(v, lanes.get(floats + at));
  }
};

// The output to which a rescaled sum goes.
template <class Q>
struct ToQuantized {
  Q* y;
  f32v q_min, q_max;
  template <class Lanes>
  ALWAYS_INLINE void write(f32v v, size_t at, Lanes lanes) const {
    put_quantized(lanes, y + at, round_within(v, q_min, q_max));
  }
};
// The same where the range is all of Q.
template <class Q>
struct ToAllOfQ {
  Q* y;
  ALWAYS_INLINE void write(f32v v, size_t at, WholeVector) const { store_rounded(y + at, v); }
  ALWAYS_INLINE void write(f32v v, size_t at, PartialVector lanes) const {
    put_quantized(lanes, y + at, round_within(v, broadcast(kLeast<Q>), broadcast(kLargest<Q>)));
  }
};
template <class Clamp>
struct ToFloats {
  float* y;
  Clamp clamp;
  template <class Lanes>
  ALWAYS_INLINE void write(f32v v, size_t at, Lanes lanes) const {
    if constexpr (Clamp::kBounds) v = add(clamp(v), broadcast(0.0f));  // instruction sets differ in the maximum of 0 and -0: -0 + 0 is 0
    lanes.put(y + at, v);
  }
};

// One vector of channels, from `column` on, of every row.
template <class Args, class Lanes, class Residual, class Output>
ALWAYS_INLINE void rescale_columns(const Args& a, size_t column, Lanes lanes, const Residual& residual, const Output& output) {
  // Copies: a store of bytes might change what `a` refers to.
  const size_t rows = a.rows, sums_stride = a.sums_stride, y_stride = a.y_stride;
  const f32v scale = lanes.get(a.rescaling.scale + column), shift = lanes.get(a.rescaling.shift + column), one = l1_one();
  const int32_t* sums = a.sums + column;
  size_t at = column;
  for (size_t i = 0; i < rows; ++i, sums += sums_stride, at += y_stride) {
    const f32v v = add_on_fma(mul(scale, to_float(lanes.get(sums))), shift, one);
    output.write(residual.added(v, at, lanes), at, lanes);
  }
}

template <class Args, class Residual, class Output>
ALWAYS_INLINE void rescale_rows(const Args& a, const Residual& residual, const Output& output) {
  each_vector(a.columns, [&](size_t column, auto lanes) { rescale_columns(a, column, lanes, residual, output); });
}

template <class Q, class Args, class Output>
ALWAYS_INLINE void rescale(const Rescaling<Q>& r, const Args& a, const Output& output) {
  if (r.residual) rescale_rows(a, QuantizedResidual<Q>{r.residual, broadcast(r.residual_scale)}, output);
  else if (r.residual_floats) rescale_rows(a, FloatResidual{r.residual_floats}, output);
  else rescale_rows(a, NoResidual{}, output);
}

template <class Q>
void requantize(const RequantizeArgs<Q>& a) {
  const f32v least = broadcast(a.range.min), largest = broadcast(a.range.max);
  if (a.range.min == kLeast<Q> && a.range.max == kLargest<Q>) rescale(a.rescaling, a, ToAllOfQ<Q>{a.y});
  else rescale(a.rescaling, a, ToQuantized<Q>{a.y, least, largest});
}
template <class Q>
void dequantize(const DequantizeArgs<Q>& a) {
  with_clamp(a.activation, [&](auto clamp) { rescale(a.rescaling, a, ToFloats<decltype(clamp)>{a.y, clamp}); });
}

// Two sums of int32, of the high 16 bits and of the rest, hold that of 2^15 vectors.
ALWAYS_INLINE int64_t sum_of_channels(size_t channels, const int32_t* y) {
  constexpr size_t kBlock = i32v::N << 15;
  int64_t sum = 0;
  for (size_t first = 0; first < channels; first += kBlock) {
    i32v high = broadcast_i32(0), low = broadcast_i32(0);
    each_vector(channels - first < kBlock ? channels - first : kBlock, [&](size_t c, auto lanes) {
      const i32v v = lanes.get(y + first + c), own_high = shift_right(v, 16);
      high = add(high, own_high);
      low = add(low, sub(v, shift_left(own_high, 16)));
    });
    int32_t highs[i32v::N], lows[i32v::N];
    store(highs, high);
    store(lows, low);
    for (size_t i = 0; i < i32v::N; ++i) sum += int64_t{highs[i]} * 65536 + lows[i];
  }
  return sum;
}

ALWAYS_INLINE int32_t rounded_mean(int64_t sum, size_t channels) {
  const int64_t doubled = 2 * sum + static_cast<int64_t>(channels), divisor = 2 * static_cast<int64_t>(channels);
  return static_cast<int32_t>(doubled / divisor - (doubled % divisor < 0));
}

ALWAYS_INLINE void subtract_mean(size_t channels, int32_t mean, int32_t* y) {
  const i32v all = broadcast_i32(mean);
  each_vector(channels, [&](size_t c, auto lanes) { lanes.put(y + c, sub(lanes.get(y + c), all)); });
}

// The sums of as many rows as a vector has lanes, where int32 holds them.
template <class V>
ALWAYS_INLINE V narrow_row_sums(size_t channels, const int32_t* y, size_t y_stride) {
  V sums[V::N];
  UNROLL for (size_t r = 0; r < V::N; ++r) sums[r] = broadcast_i32(0);
  each_vector(channels, [&](size_t c, auto lanes) {
    UNROLL for (size_t r = 0; r < V::N; ++r) sums[r] = add(sums[r], lanes.get(y + r * y_stride + c));
  });
  if constexpr (V::N > 1)
    UNROLL for (size_t n = V::N / 2; n > 0; n /= 2) UNROLL for (size_t r = 0; r < n; ++r) sums[r] = add_pairs(sums[2 * r], sums[2 * r + 1]);
  return sums[0];
}

void center_sums(size_t rows, size_t channels, int32_t* y, size_t y_stride, bool narrow) {
  const bool is_power = (channels & (channels - 1)) == 0;
  int places = 0;
  while (channels >> places > 1) ++places;
  size_t r = 0;
  for (; narrow && r + i32v::N <= rows; r += i32v::N, y += i32v::N * y_stride) {
    const i32v sums = narrow_row_sums<i32v>(channels, y, y_stride);
    int32_t means[i32v::N];
    store(means, is_power ? shift_right(add(sums, broadcast_i32(static_cast<int32_t>(channels / 2))), places) : sums);
    for (size_t i = 0; i < i32v::N; ++i) subtract_mean(channels, is_power ? means[i] : rounded_mean(means[i], channels), y + i * y_stride);
  }
  for (; r < rows; ++r, y += y_stride) subtract_mean(channels, rounded_mean(sum_of_channels(channels, y), channels), y);
}

// `differences` adds up those of each number from itself: 0, but NaN once one is infinite or NaN.
struct Quantizer {
  f32v scale, zero_point, q_min, q_max, differences;
  ALWAYS_INLINE i32v quantized(f32v v) {
    differences = add(differences, sub(v, v));
    return round_within(add(div(v, scale), zero_point), q_min, q_max);
  }
};

template <class Q>
bool quantize(size_t n, const float* x, const Quantization<Q>& to, Q* y) {
  Quantizer quantizer = {broadcast(to.scale), broadcast(to.zero_point), broadcast(to.range.min), broadcast(to.range.max), broadcast(0.0f)};
  each_vector(n, [&](size_t i, auto lanes) { put_quantized(lanes, y + i, quantizer.quantized(lanes.get(x + i))); });
  float difference[f32v::N];
  store(difference, quantizer.differences);
  for (const float lane : difference)
    if (lane != 0) return false;
  return true;
}

template <class Q>
constexpr QuantizeKernels<Q> kQuantize = {quantize<Q>, requantize<Q>, dequantize<Q>};
}  // namespace
