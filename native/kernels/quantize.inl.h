// Quantizing floats, and rescaling exact sums to bytes or floats, a vector of channels at a time (QuantizeKernels).
#pragma once
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
  f32v most;
  explicit ToBytes(const RequantizeArgs& a) : y(a.y), most(broadcast(a.most)) {}
  template <bool kWhole>
  ALWAYS_INLINE void write(f32v v, size_t at, size_t n) const {
    const i32v q = round_within(v, most);
    if (kWhole) store_bytes(y + at, q);
    else store_first_bytes(y + at, q, n);
  }
};
struct ToFloats {
  float* y;
  bool relu;
  explicit ToFloats(const DequantizeArgs& a) : y(a.y), relu(a.relu) {}
  template <bool kWhole>
  ALWAYS_INLINE void write(f32v v, size_t at, size_t n) const {
    const f32v zero = broadcast(0.0f);
    if (relu) v = add(at_least(zero, v), zero);  // instruction sets differ in the maximum of 0 and -0: -0 + 0 is 0
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

template <class Output, class Args>
ALWAYS_INLINE void rescale(const Args& a) {
  const Rescaling& r = a.rescaling;
  if (r.residual_bytes) rescale_rows(a, ByteResidual{r.residual_bytes, broadcast(r.residual_scale)}, Output(a));
  else if (r.residual_floats) rescale_rows(a, FloatResidual{r.residual_floats}, Output(a));
  else rescale_rows(a, NoResidual{}, Output(a));
}

void requantize(const RequantizeArgs& a) { rescale<ToBytes>(a); }
void dequantize(const DequantizeArgs& a) { rescale<ToFloats>(a); }

// `differences` adds up those of each number from itself: 0, but NaN once one is infinite or NaN.
ALWAYS_INLINE i32v quantized(f32v v, f32v step, f32v zero, f32v most, f32v& differences) {
  differences = add(differences, sub(v, v));
  return round_within(add(div(v, step), zero), most);
}

bool quantize(size_t n, const float* x, float step, uint8_t zero, uint8_t most, uint8_t* y) {
  const f32v divisor = broadcast(step), origin = broadcast(zero), limit = broadcast(most);
  f32v differences = broadcast(0.0f);
  size_t i = 0;
  for (; i + f32v::N <= n; i += f32v::N) store_bytes(y + i, quantized(load(x + i), divisor, origin, limit, differences));
  if (i < n) store_first_bytes(y + i, quantized(load_first(x + i, n - i), divisor, origin, limit, differences), n - i);
  float lanes[f32v::N];
  store(lanes, differences);
  for (const float lane : lanes)
    if (lane != 0) return false;
  return true;
}

constexpr QuantizeKernels kQuantize = {quantize, requantize, dequantize};
}  // namespace
