// The micro-ops of VNNI, in the primitives of simd/vnni_avx2.h and simd/vnni_avx512.h: vpdpbusd adds up four products of bytes in each lane
// of 32 bits, vpdpwssd two of int16. Minus twos in place of ones give - 2 sum max(x, w) at once.
#pragma once
#include "integer_micro_ops_x86.inl.h"

namespace {
struct MaxDpbusd : ByteMicroOp {
  static constexpr const char* kName = "MaxDpbusd";
  static constexpr int kWorkRegisters = 3;  // x, the maxima, -2
  static constexpr bool kNeedsRowSums = true;
  static constexpr int kCompensationFactor = 1;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return {dpbusd({sum.v}, max_u8(x, w), broadcast_i8(-2)).v}; }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = add_pairs({sum[2 * j].v}, 2 * j + 1 < NV ? i32v{sum[2 * j + 1].v} : broadcast_i32(0));
  }
};

struct MixedDpbusd : MixedBytes<MaxDpbusd, 2> {
  static constexpr const char* kName = "MixedDpbusd";
};

struct MaxDpwssd : MaxMaddwd {
  static constexpr const char* kName = "MaxDpwssd";
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return dpwssd(sum, max_i16(x, w), broadcast_i16(-2)); }
};

struct DotBytes : Product32 {
  static constexpr const char* kName = "DotBytes";
  static constexpr size_t kElemBytes = 1;
  static constexpr int kWorkRegisters = 1;  // x
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return dpbusd(sum, x, w); }
};

// The same with 8 bytes a k-group, two lanes that are added at the end: one broadcast of x then serves 8 elements, and 16 channels are two
// vectors of 512 bits, where with k-groups of 4 bytes they are one and the loop waits for its loads.
struct DotPairs : ByteMicroOp {
  static constexpr const char* kName = "DotPairs";
  static constexpr int kWorkRegisters = 1;  // x
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return {dpbusd({sum.v}, x, w).v}; }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int row, i32v (&out)[kOut]) {
    MaxDpbusd::finish(sum, row, out);
  }
};
}  // namespace
