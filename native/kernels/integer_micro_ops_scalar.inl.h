// The micro-ops of integer tiles in primitives of simd/integer_scalar.h: the plainest statement of what a micro-op is.
#pragma once
#include "integer_tile.inl.h"

namespace {
struct ScalarMicroOp : IntegerMicroOp {
  using Group = uint16_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  static constexpr int kChannels = 1, kSumRegisters = 1, kWorkRegisters = 2;
  static constexpr IntegerOperands kOperands = IntegerOperands::kWidened;
};

struct IntegerL1 : ScalarMicroOp {
  static constexpr const char* kName = "IntegerL1";
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, abs_diff(x, w)); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sub(zero(), sum[j]);
  }
};

struct IntegerDot : ScalarMicroOp {
  static constexpr const char* kName = "IntegerDot";
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, mul(x, w)); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sum[j];
  }
};

// For IntegerKernels. No product needs sums.
constexpr IntegerSums kIntegerSums = {};
using L1Bytes = IntegerL1;
using L1Shorts = IntegerL1;
using Dot8 = IntegerDot;
using Dot7 = IntegerDot;
}  // namespace
