// The steps of integer tiles in words of simd/integer_scalar.h: the plainest statement of what a step is.
#pragma once
#include "integer_kernels.h"

namespace {
struct ScalarStep {
  using Word = uint16_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  using RowSum = NoRowSum;
  static constexpr int kChannels = 1, kSumRegisters = 1, kRowRegisters = 0, kWorkRegisters = 2;
  static constexpr int kWeightFactor = 0;
  static constexpr size_t kMostWords = 1024;
  static constexpr IntegerOperands kOperands = IntegerOperands::kWidened;
  static ALWAYS_INLINE void accumulate_row(RowSum&, i8v) {}
};

struct IntegerL1 : ScalarStep {
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return add(sum, abs_diff(x, w)); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], RowSum, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sub(zero(), sum[j]);
  }
};

struct IntegerDot : ScalarStep {
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return add(sum, mul(x, w)); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], RowSum, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sum[j];
  }
};
}  // namespace
