// Passes over whole tensors, one element at a time: bound by memory, so plain (ElementwiseKernels).
#pragma once
#include "activation.inl.h"
#include "elementwise_kernels.h"

namespace {
void normalize(size_t rows, size_t channels, const float* x, const float* mean, const float* scale, const float* shift, float* y) {
  for (size_t r = 0; r < rows; ++r, x += channels, y += channels) {
    size_t c = 0;
    for (; c + f32v::N <= channels; c += f32v::N)
      store(y + c, add(mul(sub(load(x + c), load(mean + c)), load(scale + c)), load(shift + c)));
    if (c < channels) {
      const size_t left = channels - c;
      const f32v centered = sub(load_first(x + c, left), load_first(mean + c, left));
      store_first(y + c, add(mul(centered, load_first(scale + c, left)), load_first(shift + c, left)), left);
    }
  }
}

void activate(size_t n, const float* x, const Activation& activation, float* y) {
  with_clamp(activation, [&](auto clamp) {
    size_t i = 0;
    for (; i + f32v::N <= n; i += f32v::N) store(y + i, clamp(load(x + i)));
    if (i < n) store_first(y + i, clamp(load_first(x + i, n - i)), n - i);
  });
}

void add(size_t n, const float* a, const float* b, float* y) {
  size_t i = 0;
  for (; i + f32v::N <= n; i += f32v::N) store(y + i, add(load(a + i), load(b + i)));
  if (i < n) store_first(y + i, add(load_first(a + i, n - i), load_first(b + i, n - i)), n - i);
}

constexpr ElementwiseKernels kElementwise = {normalize, activate, add};
}  // namespace
