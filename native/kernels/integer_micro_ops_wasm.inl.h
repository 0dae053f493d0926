// The micro-ops of integer tiles in WebAssembly, in primitives of simd/integer_wasm.h. There is no sum of absolute differences, but
// sum |x - w| = 2 sum max(x, w) - sum x - sum w, exactly, and a maximum, an addition of neighbors and another one are three instructions on
// x86 and on Arm.
#pragma once
#include "integer_sums.inl.h"
#include "integer_tile.inl.h"

namespace {
// A k-group is the four bytes of two lanes of 16 bits. 128 of them fill a lane up to 128 * 2 * 255 = 65280.
struct MaxBytes : IntegerMicroOp {
  static constexpr const char* kName = "MaxBytes";
  using Group = uint32_t;
  static constexpr size_t kElemBytes = 1;
  using Sum = i8v;
  static constexpr int kChannels = 4, kSumRegisters = 1, kWorkRegisters = 2;  // x, the maxima
  static constexpr size_t kMaxGroups = 128;
  static constexpr bool kNeedsRowSums = true;
  static constexpr int kCompensationFactor = 1;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_i16(sum, add_u8_pairs(max_u8(x, w))); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) {
      const i32v half = add_u16_pairs(sum[j]);
      out[j] = sub(broadcast_i32(0), add(half, half));
    }
  }
};

// int16, by the same identity.
struct MaxShorts : IntegerMicroOp {
  static constexpr const char* kName = "MaxShorts";
  using Group = uint32_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  static constexpr int kChannels = 4, kSumRegisters = 1, kWorkRegisters = 3;  // x, the maxima, -2
  static constexpr bool kNeedsRowSums = true;
  static constexpr int kCompensationFactor = 1;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, madd_i16(max_i16(x, w), broadcast_i16(-2))); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sum[j];
  }
};

// Products of bytes have no instruction of their own: both operands are widened.
struct DotShorts : IntegerMicroOp {
  static constexpr const char* kName = "DotShorts";
  using Group = uint32_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  static constexpr int kChannels = 4, kSumRegisters = 1, kWorkRegisters = 2;  // x, the products
  static constexpr IntegerOperands kOperands = IntegerOperands::kWidened;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, madd_i16(x, w)); }
  template <int NV>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[NV]) {
    UNROLL for (int j = 0; j < NV; ++j) out[j] = sum[j];
  }
};

// For IntegerKernels.
using L1Shorts = MaxShorts;
using Dot8 = DotShorts;
using Dot7 = DotShorts;
}  // namespace
