#pragma once
#include "../primitives.h"

namespace {
// Plain C++ never fuses (-ffp-contract=off), also where the CPU could.
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
constexpr bool kFuses = f32v::N > 1;
#else
constexpr bool kFuses = false;
#endif

constexpr FloatPrimitives float_primitives() {
  FloatPrimitives p = {};
  p.lanes = f32v::N;
  p.fuses = kFuses;
  p.l1_needs_sums = kL1NeedsSums;
  p.copy = [](const float* x, float* y) { store(y, load(x)); };
  p.load_partial = [](const float* x, size_t n, float* y) { store(y, load_partial(x, n)); };
  p.store_partial = [](const float* x, size_t n, float* y) { store_partial(y, load(x), n); };
  p.broadcast = [](float x, float* y) { store(y, broadcast(x)); };
  p.add = [](const float* a, const float* b, float* y) { store(y, add(load(a), load(b))); };
  p.sub = [](const float* a, const float* b, float* y) { store(y, sub(load(a), load(b))); };
  p.mul = [](const float* a, const float* b, float* y) { store(y, mul(load(a), load(b))); };
  p.max = [](const float* a, const float* b, float* y) { store(y, max(load(a), load(b))); };
  p.min = [](const float* a, const float* b, float* y) { store(y, min(load(a), load(b))); };
  p.where_positive = [](const float* a, const float* b, float* y) { store(y, where_positive(load(a), load(b))); };
  p.abs_diff = [](const float* a, const float* b, float* y) { store(y, abs_diff(load(a), load(b))); };
  p.multiply_add = [](const float* a, const float* b, const float* c, float* y) { store(y, multiply_add(load(a), load(b), load(c))); };
  p.l1_accumulate = [](const float* s, const float* x, const float* w, float* y) {
    store(y, l1_accumulate(load(s), load(x), load(w), l1_one()));
  };
  p.reduce_rows = [](const float* rows, float* y) {
    f32v all[f32v::N];
    for (size_t r = 0; r < f32v::N; ++r) all[r] = load(rows + r * f32v::N);
    store(y, reduce_rows(all));
  };
  p.load_columns = [](const float* rows, size_t stride, float* y) {
    f32v columns[4];
    load_columns(rows, stride, columns);
    for (size_t c = 0; c < 4; ++c) store(y + c * f32v::N, columns[c]);
  };
  return p;
}
}  // namespace
