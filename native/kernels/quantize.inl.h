// Quantizing floats, and rescaling exact sums to bytes or floats, a vector of channels at a time (QuantizeKernels).
#pragma once
#include "activation.inl.h"
#include "quantize_kernels.h"

namespace {
// A vector, or where it is not whole its first n lanes.
template <bool kWhole, class T>
ALWAYS_INLINE auto load_lanes(const T* p, size_t n) -> decltype(load(p)) {
  return kWhole ? load(p) : load_first(p, n);
}
template <bool kWhole>
ALWAYS_INLINE f32v load_byte_lanes(const uint8_t* p, size_t n) {
  return to_float(kWhole ? load_bytes(p) : load_first_bytes(p, n));
}

// What is added to a rescaled sum; `at` counts elements from the residual's first.
struct NoResidual {
  template <bool kWhole>
  ALWAYS_INLINE f32v added(f32v v, size_t, size_t) const {
    return v;
  }
};
struct ByteResidual {
  const uint8_t* bytes;
  f32v scale;
  template <bool kWhole>
  ALWAYS_INLINE f32v added(f32v v, size_t at, size_t n) const {
    return add(v, mul(scale, load_byte_lanes<kWhole>(bytes + at, n)));
  }
};
struct FloatResidual {
  const float* floats;
  template <bool kWhole>
  ALWAYS_INLINE f32v added(f32v v, size_t at, size_t n) const {
    return add(v, load_lanes<kWhole>(floats + at, n));
  }
};

// Where a rescaled sum goes.
struct ToBytes {
  uint8_t* y;
  f32v q_max;
  template <bool kWhole>
  ALWAYS_INLINE void write(f32v v, size_t at, size_t n) const {
    const i32v q = round_within(v, q_max);
    if (kWhole) store_bytes(y + at, q);
    else store_first_bytes(y + at, q, n);
  }
};
template <class Clamp>
struct ToFloats {
  float* y;
  Clamp clamp;
  template <bool kWhole>
  ALWAYS_INLINE void write(f32v v, size_t at, size_t n) const {
    if constexpr (Clamp::kBounds) v = add(clamp(v), broadcast(0.0f));  // instruction sets differ in the maximum of 0 and -0: -0 + 0 is 0
    if (kWhole) store(y + at, v);
    else store_first(y + at, v, n);
  }
};

// One vector of channels, from `column` on, of every row.
template <bool kWhole, class Args, class Residual, class Output>
ALWAYS_INLINE void rescale_columns(const Args& a, size_t column, const Residual& residual, const Output& output) {
  // Copies: a store of bytes might change what `a` refers to.
  const size_t rows = a.rows, sums_stride = a.sums_stride, y_stride = a.y_stride, left = a.columns - column;
  const f32v scale = load_lanes<kWhole>(a.rescaling.scale + column, left), shift = load_lanes<kWhole>(a.rescaling.shift + column, left);
  const int32_t* sums = a.sums + column;
  size_t at = column;
  for (size_t i = 0; i < rows; ++i, sums += sums_stride, at += y_stride) {
    const f32v v = add(mul(scale, to_float(load_lanes<kWhole>(sums, left))), shift);
    output.template write<kWhole>(residual.template added<kWhole>(v, at, left), at, left);
  }
}

template <class Args, class Residual, class Output>
ALWAYS_INLINE void rescale_rows(const Args& a, const Residual& residual, const Output& output) {
  size_t column = 0;
  for (; column + i32v::N <= a.columns; column += i32v::N) rescale_columns<true>(a, column, residual, output);
  if (column < a.columns) rescale_columns<false>(a, column, residual, output);
}

template <class Args, class Output>
ALWAYS_INLINE void rescale(const Args& a, const Output& output) {
  const Rescaling& r = a.rescaling;
  if (r.residual_bytes) rescale_rows(a, ByteResidual{r.residual_bytes, broadcast(r.residual_scale)}, output);
  else if (r.residual_floats) rescale_rows(a, FloatResidual{r.residual_floats}, output);
  else rescale_rows(a, NoResidual{}, output);
}

void requantize(const RequantizeArgs& a) { rescale(a, ToBytes{a.y, broadcast(a.q_max)}); }
void dequantize(const DequantizeArgs& a) {
  with_clamp(a.activation, [&](auto clamp) { rescale(a, ToFloats<decltype(clamp)>{a.y, clamp}); });
}

// `differences` adds up those of each number from itself: 0, but NaN once one is infinite or NaN.
ALWAYS_INLINE i32v quantized(f32v v, f32v scale, f32v zero_point, f32v q_max, f32v& differences) {
  differences = add(differences, sub(v, v));
  return round_within(add(div(v, scale), zero_point), q_max);
}

bool quantize(size_t n, const float* x, float scale, uint8_t zero_point, uint8_t q_max, uint8_t* y) {
  const f32v divisor = broadcast(scale), zero = broadcast(zero_point), limit = broadcast(q_max);
  f32v differences = broadcast(0.0f);
  size_t i = 0;
  for (; i + f32v::N <= n; i += f32v::N) store_bytes(y + i, quantized(load(x + i), divisor, zero, limit, differences));
  if (i < n) store_first_bytes(y + i, quantized(load_first(x + i, n - i), divisor, zero, limit, differences), n - i);
  float lanes[f32v::N];
  store(lanes, differences);
  for (const float lane : lanes)
    if (lane != 0) return false;
  return true;
}

constexpr QuantizeKernels kQuantize = {quantize, requantize, dequantize};
}  // namespace
