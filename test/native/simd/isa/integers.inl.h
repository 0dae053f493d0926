#pragma once
#include "../primitives.h"

namespace {
constexpr IntegerPrimitives integer_primitives() {
  IntegerPrimitives p = {};
  p.lanes = i32v::N;
  p.copy = [](const int32_t* x, int32_t* y) { store(y, load(x)); };
  p.load_partial = [](const int32_t* x, size_t n, int32_t* y) { store(y, load_partial(x, n)); };
  p.store_partial = [](const int32_t* x, size_t n, int32_t* y) { store_partial(y, load(x), n); };
  p.add = [](const int32_t* a, const int32_t* b, int32_t* y) { store(y, add(load(a), load(b))); };
  p.div = [](const float* a, const float* b, float* y) { store(y, div(load(a), load(b))); };
  p.to_float = [](const int32_t* x, float* y) { store(y, to_float(load(x))); };
  p.round_within = [](const float* x, float q_max, int32_t* y) { store(y, round_within(load(x), broadcast(q_max))); };
  p.load_bytes = [](const uint8_t* x, int32_t* y) { store(y, load_bytes(x)); };
  p.load_partial_bytes = [](const uint8_t* x, size_t n, int32_t* y) { store(y, load_partial_bytes(x, n)); };
  p.store_bytes = [](const int32_t* x, uint8_t* y) { store_bytes(y, load(x)); };
  p.store_partial_bytes = [](const int32_t* x, size_t n, uint8_t* y) { store_partial_bytes(y, load(x), n); };
  return p;
}
}  // namespace
