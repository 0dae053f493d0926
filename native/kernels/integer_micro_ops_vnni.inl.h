// The micro-op of AVX-VNNI, in the primitive of simd/dpbusd_avx2.h: vpdpbusd adds up four products in each lane of 32 bits.
#pragma once
#include "integer_micro_ops_x86.inl.h"

namespace {
struct DotBytes : Product32 {
  static constexpr const char* kName = "DotBytes";
  static constexpr size_t kElemBytes = 1;
  static constexpr int kWorkRegisters = 1;  // x
  static constexpr IntegerOperands kOperands = IntegerOperands::kAsTheyAre;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return dpbusd(sum, x, w); }
};
}  // namespace
