#pragma once
#include "../primitives.h"

namespace {
constexpr BitPrimitives bit_primitives() {
  BitPrimitives p = {};
  p.lanes = b32v::N;
  p.max_iterations = kMaxCountIterations;
  p.signs_per_word = kSignsPerWord;
  p.count = [](size_t iterations, const uint32_t* x, const uint32_t* w, float* y) {
    b32v counts = broadcast_signs(0);
    for (size_t i = 0; i < iterations; ++i, x += b32v::N, w += b32v::N) counts = count_differences(counts, load_words(x), load_words(w));
    store(y, to_float(sum_bytes(counts)));
  };
  p.count_one = [](size_t iterations, uint32_t x, const uint32_t* w, float* y) {
    b32v counts = broadcast_signs(0);
    for (size_t i = 0; i < iterations; ++i, w += b32v::N) counts = count_differences(counts, broadcast_signs(x), load_words(w));
    store(y, to_float(sum_bytes(counts)));
  };
  p.add = [](const uint32_t* a, const uint32_t* b, float* y) { store(y, to_float(add(load_words(a), load_words(b)))); };
  p.sub = [](const uint32_t* a, const uint32_t* b, float* y) { store(y, to_float(sub(load_words(a), load_words(b)))); };
  p.negative_lanes = [](const float* x) { return static_cast<uint32_t>(negative_lanes(load(x))); };
  return p;
}
}  // namespace
