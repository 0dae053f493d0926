#pragma once
#include "../primitives.h"

namespace {
template <class Q>
constexpr QuantizedPrimitives<Q> quantized_primitives() {
  QuantizedPrimitives<Q> p = {};
  p.load = [](const Q* x, int32_t* y) { store(y, load_widened(x)); };
  p.load_partial = [](const Q* x, size_t n, int32_t* y) { store(y, load_partial_widened(x, n)); };
  p.store = [](const int32_t* x, Q* y) { store_narrowed(y, load(x)); };
  p.store_partial = [](const int32_t* x, size_t n, Q* y) { store_partial_narrowed(y, load(x), n); };
  p.store_rounded = [](const float* x, Q* y) { store_rounded(y, load(x)); };
  return p;
}

constexpr IntegerPrimitives integer_primitives() {
  IntegerPrimitives p = {};
  p.lanes = i32v::N;
  p.copy = [](const int32_t* x, int32_t* y) { store(y, load(x)); };
  p.load_partial = [](const int32_t* x, size_t n, int32_t* y) { store(y, load_partial(x, n)); };
  p.store_partial = [](const int32_t* x, size_t n, int32_t* y) { store_partial(y, load(x), n); };
  p.broadcast = [](int32_t x, int32_t* y) { store(y, broadcast_i32(x)); };
  p.shift_left = [](const int32_t* x, int n, int32_t* y) { store(y, shift_left(load(x), n)); };
  p.shift_right = [](const int32_t* x, int n, int32_t* y) { store(y, shift_right(load(x), n)); };
  p.add = [](const int32_t* a, const int32_t* b, int32_t* y) { store(y, add(load(a), load(b))); };
  p.div = [](const float* a, const float* b, float* y) { store(y, div(load(a), load(b))); };
  p.add_on_fma = [](const float* a, const float* b, float* y) { store(y, add_on_fma(load(a), load(b), l1_one())); };
  p.to_float = [](const int32_t* x, float* y) { store(y, to_float(load(x))); };
  p.round_within = [](const float* x, float q_min, float q_max, int32_t* y) {
    store(y, round_within(load(x), broadcast(q_min), broadcast(q_max)));
  };
  p.bytes = quantized_primitives<uint8_t>();
  p.shorts = quantized_primitives<int16_t>();
  return p;
}
}  // namespace
