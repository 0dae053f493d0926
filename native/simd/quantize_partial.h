// Partial vectors of quantized numbers where an instruction set has no masks, in its load_widened and store_narrowed: included after them.
#pragma once
#include "partial_lanes.h"

namespace {
template <class Q>
ALWAYS_INLINE i32v load_partial_widened(const Q* p, size_t n) {
  return load_lanes<i32v::N>(p, n, [](const Q* lanes) { return load_widened(lanes); });
}
template <class Q>
ALWAYS_INLINE void store_partial_narrowed(Q* p, i32v a, size_t n) {
  store_lanes<i32v::N>(p, n, [a](Q* lanes) { store_narrowed(lanes, a); });
}
}  // namespace
