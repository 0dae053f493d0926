#pragma once
#include <algorithm>

#include "args.h"

// Whether the weights are promised to lie in [-64, 63], where kernels would saturate in silence beyond.
inline bool seven_bits(const Arguments& args, const Argument& weight_bits, const View<const int8_t>& w) {
  if (weight_bits.number() != 7) return false;
  if (std::any_of(w.data, w.data + w.length, [](int8_t v) { return v < -64 || v > 63; }))
    args.fail("ERR_ARGUMENT", "filters have a weight outside of [-64, 63], which weightBits 7 promises");
  return true;
}
