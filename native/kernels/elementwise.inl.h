// Passes over whole tensors: bound by memory, so plain (ElementwiseKernels).
#pragma once
#include "activation.inl.h"
#include "elementwise_kernels.h"
#include "lanes.inl.h"
#include "layout.inl.h"

namespace {
template <bool kResidual, class Clamp>
ALWAYS_INLINE void normalize_rows(const NormalizeArgs& a, Clamp clamp) {
  for (size_t r = 0; r < a.rows; ++r) {
    const size_t row = r * a.channels;
    each_vector(a.channels, [&](size_t c, auto lanes) {
      f32v y = add(mul(sub(lanes.get(a.x + row + c), lanes.get(a.mean + c)), lanes.get(a.scale + c)), lanes.get(a.shift + c));
      if constexpr (kResidual) y = add(y, lanes.get(a.residual + row + c));
      lanes.put(a.y + row + c, clamp(y));
    });
  }
}

void normalize(const NormalizeArgs& a) {
  with_clamp(a.activation, [&](auto clamp) {
    if (a.residual) normalize_rows<true>(a, clamp);
    else normalize_rows<false>(a, clamp);
  });
}

template <class Clamp>
ALWAYS_INLINE void center_row(const CenterArgs& a, size_t row, float sum, Clamp clamp) {
  const f32v mean = broadcast(sum / static_cast<float>(a.channels) * a.part);
  const size_t first = row * a.channels;
  each_vector(a.channels, [&](size_t c, auto lanes) {
    f32v y = sub(lanes.get(a.x + first + c), mean);
    if (a.bias) y = add(y, lanes.get(a.bias + c));
    if (a.scale) y = add(mul(y, lanes.get(a.scale + c)), lanes.get(a.shift + c));
    if (a.residual) y = add(y, lanes.get(a.residual + first + c));
    lanes.put(a.y + first + c, clamp(y));
  });
}

void center(const CenterArgs& a) {
  with_clamp(a.activation, [&](auto clamp) {
    float sums[f32v::N];
    for (size_t r = 0; r < a.rows; r += f32v::N) {
      const size_t count = a.rows - r < f32v::N ? a.rows - r : f32v::N;
      row_sums(count, a.channels, a.x + r * a.channels, a.channels, sums);
      for (size_t i = 0; i < count; ++i) center_row(a, r + i, sums[i], clamp);
    }
  });
}

void activate(size_t n, const float* x, const Activation& activation, float* y) {
  with_clamp(activation, [&](auto clamp) { each_vector(n, [&](size_t i, auto lanes) { lanes.put(y + i, clamp(lanes.get(x + i))); }); });
}

void add(size_t n, const float* a, const float* b, float* y) {
  each_vector(n, [&](size_t i, auto lanes) { lanes.put(y + i, add(lanes.get(a + i), lanes.get(b + i))); });
}

constexpr ElementwiseKernels kElementwise = {normalize, center, activate, add};
}  // namespace
