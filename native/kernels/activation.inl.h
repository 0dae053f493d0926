// Clamping vectors to the range of an activation.
#pragma once
#include "activation.h"

namespace {
template <bool kMin, bool kMax>
struct Clamp {
  static constexpr bool kBounds = kMin || kMax;
  f32v min, max;
  explicit Clamp(const Activation& a) : min(broadcast(a.min)), max(broadcast(a.max)) {}
  ALWAYS_INLINE f32v operator()(f32v v) const {
    if constexpr (kMin) v = at_least(min, v);
    if constexpr (kMax) v = at_most(max, v);
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
