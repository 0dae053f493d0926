// The micro-op of AVX-512 VNNI, in the primitives of simd/dpbusd_avx512.h: vpdpbusd adds up four products in each lane of 32 bits. A
// k-group is two such lanes, which are added at the end: one broadcast of x then serves 8 elements, and 16 channels are two vectors, where
// with k-groups of 4 bytes they are one and the loop waits for its loads.
#pragma once
#include "integer_tile.inl.h"

namespace {
struct DotPairs {
  static constexpr const char* kName = "DotPairs";
  using Group = uint64_t;
  static constexpr size_t kElemBytes = 1;
  using Sum = i32v;
  using RowSum = NoRowSum;
  static constexpr int kChannels = i8v::kBytes / 8, kSumRegisters = 1, kRowRegisters = 0, kWorkRegisters = 1;  // x
  static constexpr int kCompensationFactor = 0;
  static constexpr size_t kMaxGroups = 1024;
  static constexpr IntegerOperands kOperands = IntegerOperands::kAsTheyAre;
  static ALWAYS_INLINE void accumulate_row(RowSum&, i8v) {}
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return dpbusd(sum, x, w); }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], RowSum, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = add_pairs(sum[2 * j], 2 * j + 1 < NV ? sum[2 * j + 1] : Sum{});
  }
};
}  // namespace
