// The micro-ops of NEON's dot products, in primitives of simd/dotprod_neon.h: four bytes in each lane of 32 bits.
#pragma once
#include "integer_micro_ops_neon.inl.h"

namespace {
// uabd + udot by ones. umax + udot by ones are two instructions for the same ports, and need the sums of x and w besides; uabd + uadalp are
// as fast (llvm-mca: 1 cycle a vector on Neoverse N1, N2 and Cortex-A76, 0.5 on V1), but 128 of them fill their lanes.
struct DotprodL1Bytes : L1Shorts {
  static constexpr const char* kName = "DotprodL1Bytes";
  static constexpr size_t kElemBytes = 1;
  static constexpr int kWorkRegisters = 3;  // x, the distances, ones
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_four_distances(sum, x, w); }
};

// sdot wants both operands signed:   sum x * w = sum (x - 128) * w + 128 * sum w
struct DotprodBytes : IntegerMicroOp {
  static constexpr const char* kName = "DotprodBytes";
  using Group = uint32_t;
  static constexpr size_t kElemBytes = 1;
  using Sum = i32v;
  static constexpr int kChannels = 4, kSumRegisters = 1, kWorkRegisters = 1;  // x
  static constexpr int kCompensationFactor = 128;
  static constexpr IntegerOperands kOperands = IntegerOperands::kSignedBytes;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_four_products(sum, x, w); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sum[j];
  }
};
}  // namespace
