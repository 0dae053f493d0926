// How sums are rescaled, as arguments.
#pragma once
#include "../conv2d/integer.h"
#include "args.h"

// (scale, shift, residual, residualScale) from argument `first` on, for y of so many channels. The residual is undefined, of uint8 or of
// float32.
template <class Y>
Rescaling rescaling_argument(const Arguments& args, size_t first, size_t channels, const View<Y>& y) {
  const View<float> scale = args.array<float>(first, "scale", channels), shift = args.array<float>(first + 1, "shift", channels);
  args.apart(y, scale, "scale");
  args.apart(y, shift, "shift");
  Rescaling r = {scale.data, shift.data, nullptr, nullptr, static_cast<float>(args.number(first + 3, "residualScale"))};
  const auto residual = [&](auto zero) {
    const auto view = args.array<decltype(zero)>(first + 2, "residual", y.length);
    args.apart(y, view, "residual");
    return view.data;
  };
  if (args.is_array<uint8_t>(first + 2)) r.residual_bytes = residual(uint8_t{});
  else if (!args.absent(first + 2)) r.residual_floats = residual(float{});
  return r;
}
