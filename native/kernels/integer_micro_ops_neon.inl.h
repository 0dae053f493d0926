// The micro-ops of integer tiles on NEON, in primitives of simd/integer_neon.h.
#pragma once
#include "integer_tile.inl.h"

namespace {
// uabd + uadalp: a k-group is the pair of bytes that a lane of 16 bits adds up. 128 of them fill it up to 128 * 2 * 255 = 65280.
struct L1Bytes : IntegerMicroOp {
  static constexpr const char* kName = "L1Bytes";
  using Group = uint16_t;
  static constexpr size_t kElemBytes = 1;
  using Sum = u16v;
  static constexpr int kChannels = 8, kSumRegisters = 1, kWorkRegisters = 2;  // x, the distances
  static constexpr size_t kMaxGroups = 128;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_distances8(sum, x, w); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[2 * NV]) {
    UNROLL for (int j = 0; j < NV; ++j) {
      i32v low, high;
      widen(sum[j], low, high);
      out[2 * j] = negate(low);
      out[2 * j + 1] = negate(high);
    }
  }
};

// sabd + uadalp
struct L1Shorts : IntegerMicroOp {
  static constexpr const char* kName = "L1Shorts";
  using Group = uint32_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  static constexpr int kChannels = 4, kSumRegisters = 1, kWorkRegisters = 2;  // x, the distances
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_distances16(sum, x, w); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = negate(sum[j]);
  }
};

// smlal + smlal2: four products an instruction, as many as smull + sadalp of bytes, and exact
struct DotShorts : IntegerMicroOp {
  static constexpr const char* kName = "DotShorts";
  using Group = uint16_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32pair;
  static constexpr int kChannels = 8, kSumRegisters = 2, kWorkRegisters = 1;  // x
  static constexpr IntegerOperands kOperands = IntegerOperands::kWidened;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_products16(sum, x, w); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[2 * NV]) {
    UNROLL for (int j = 0; j < NV; ++j) {
      out[2 * j].v = sum[j].low;
      out[2 * j + 1].v = sum[j].high;
    }
  }
};

// For IntegerKernels. No product needs sums.
constexpr IntegerSums kIntegerSums = {};
using Dot8 = DotShorts;
using Dot7 = DotShorts;
}  // namespace
