// How sums are rescaled, as arguments.
#pragma once
#include "../conv2d/integer.h"
#include "args.h"

// qmin and qmax
template <class Q>
QuantizedRange<Q> range_of(const Argument& min, const Argument& max) {
  const QuantizedRange<Q> range = {min.integer<Q>(), max.integer<Q>()};
  if (range.min >= range.max) max.fail("ERR_ARGUMENT", "is not above qmin");
  return range;
}

// For y of so many channels. The residual is undefined, of Q or of float32.
template <class Q, class Y>
Rescaling<Q> rescaling_of(const Arguments& args, const Argument& scales, const Argument& shifts, const Argument& residual,
                          const Argument& residual_scale, size_t channels, const View<Y>& y) {
  const auto scale = scales.array<const float>(channels), shift = shifts.array<const float>(channels);
  args.check_no_overlap(y, scale, "scale");
  args.check_no_overlap(y, shift, "shift");
  Rescaling<Q> rescaling = {scale.data, shift.data, nullptr, nullptr, static_cast<float>(residual_scale.number())};
  const auto elements = [&](auto zero) {
    const auto view = residual.array<const decltype(zero)>(y.length);
    args.check_no_overlap(y, view, "residual");
    return view.data;
  };
  if (residual.is_array<Q>()) rescaling.residual = elements(Q{});
  else if (!residual.absent()) rescaling.residual_floats = elements(float{});
  return rescaling;
}
