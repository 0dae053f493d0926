// Quantizing floats, and rescaling exact sums to bytes or floats, a vector of channels at a time (QuantizeKernels).
#pragma once
#include "activation.inl.h"
#include "lanes.inl.h"
#include "quantize_kernels.h"

namespace {
ALWAYS_INLINE f32v get_bytes(WholeVector, const uint8_t* p) { return to_float(load_bytes(p)); }
ALWAYS_INLINE f32v get_bytes(PartialVector lanes, const uint8_t* p) { return to_float(load_partial_bytes(p, lanes.n)); }
ALWAYS_INLINE void put_bytes(WholeVector, uint8_t* p, i32v q) { store_bytes(p, q); }
ALWAYS_INLINE void put_bytes(PartialVector lanes, uint8_t* p, i32v q) { store_partial_bytes(p, q, lanes.n); }

// The residual that is added to a rescaled sum; `at` counts elements from its first.
struct NoResidual {
  template <class Lanes>
  ALWAYS_INLINE f32v added(f32v v, size_t, Lanes) const {
    return v;
  }
};
struct ByteResidual {
  const uint8_t* bytes;
  f32v scale;
  template <class Lanes>
  ALWAYS_INLINE f32v added(f32v v, size_t at, Lanes lanes) const {
    return add(v, mul(scale, get_bytes(lanes, bytes + at)));
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
struct ToBytes {
  uint8_t* y;
  f32v q_max;
  template <class Lanes>
  ALWAYS_INLINE void write(f32v v, size_t at, Lanes lanes) const {
    put_bytes(lanes, y + at, round_within(v, q_max));
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
  const f32v scale = lanes.get(a.rescaling.scale + column), shift = lanes.get(a.rescaling.shift + column);
  const int32_t* sums = a.sums + column;
  size_t at = column;
  for (size_t i = 0; i < rows; ++i, sums += sums_stride, at += y_stride) {
    const f32v v = add(mul(scale, to_float(lanes.get(sums))), shift);
    output.write(residual.added(v, at, lanes), at, lanes);
  }
}

template <class Args, class Residual, class Output>
ALWAYS_INLINE void rescale_rows(const Args& a, const Residual& residual, const Output& output) {
  each_vector(a.columns, [&](size_t column, auto lanes) { rescale_columns(a, column, lanes, residual, output); });
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
  each_vector(n, [&](size_t i, auto lanes) { put_bytes(lanes, y + i, quantized(lanes.get(x + i), divisor, zero, limit, differences)); });
  float difference[f32v::N];
  store(difference, differences);
  for (const float lane : difference)
    if (lane != 0) return false;
  return true;
}

constexpr QuantizeKernels kQuantize = {quantize, requantize, dequantize};
}  // namespace
