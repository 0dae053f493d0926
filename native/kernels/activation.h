// The range to which an activation function clamps:   y = min(max(x, min), max), and NaN stays.
#pragma once
#include "../simd/unroll.h"

struct Activation {
  float min = -__builtin_inff(), max = __builtin_inff();
  // A minimum alone costs one instruction, a maximum two, and no bound none: kernels ask before their loops. Inlined always, since nothing
  // but its table may leave a kernel file.
  ALWAYS_INLINE constexpr bool has_min() const { return min > -__builtin_inff(); }
  ALWAYS_INLINE constexpr bool has_max() const { return max < __builtin_inff(); }
  ALWAYS_INLINE constexpr bool has_bound() const { return has_min() || has_max(); }
};
constexpr Activation kNoActivation = {}, kRelu = {0.0f, __builtin_inff()}, kRelu6 = {0.0f, 6.0f};
