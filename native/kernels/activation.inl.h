// Clamping vectors to the range of an activation.
#pragma once
#include "activation.h"

namespace {
template <bool kMin, bool kMax>
struct Clamp {
  static constexpr bool kBounds = kMin || kMax;
  f32v lower, upper;
  explicit Clamp(const Activation& a) : lower(broadcast(a.min)), upper(broadcast(a.max)) {}
  ALWAYS_INLINE f32v operator()(f32v v) const {
    if constexpr (kMin) v = max(lower, v);
    if constexpr (kMax) v = min(upper, v);
    return v;
  }
};

// use(clamp), with a copy of the loop for each of no bound, a minimum (ReLU) and a range (ReLU6).
template <class Use>
ALWAYS_INLINE void with_clamp(const Activation& a, Use use) {
  if (a.has_max()) use(Clamp<true, true>(a));
  else if (a.has_min()) use(Clamp<true, false>(a));
  else use(Clamp<false, false>(a));
}
}  // namespace
