// Partial vectors where an instruction set has no masks: through an array of all N lanes.
#pragma once
#include <cstddef>

#include "unroll.h"

namespace {
// load(lanes) of the first n elements at p; the other lanes are 0.
template <size_t N, class T, class Load>
ALWAYS_INLINE auto load_lanes(const T* p, size_t n, Load load) -> decltype(load(p)) {
  T lanes[N] = {};
  for (size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return load(lanes);
}

// The first n of the elements that store(lanes) writes go to p.
template <size_t N, class T, class Store>
ALWAYS_INLINE void store_lanes(T* p, size_t n, Store store) {
  T lanes[N];
  store(lanes);
  for (size_t i = 0; i < n; ++i) p[i] = lanes[i];
}
}  // namespace
