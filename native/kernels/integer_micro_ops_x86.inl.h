// The micro-ops of integer tiles on x86, in primitives of simd/integer_sse41.h, _avx2.h and _avx512.h.
#pragma once
#include "integer_tile.inl.h"

namespace {
// psadbw adds up 8 distances in a lane of 64 bits, so a vector of the panel is as many channels as it has such lanes.
struct L1Bytes {
  static constexpr const char* kName = "L1Bytes";
  using Group = uint64_t;
  static constexpr size_t kElemBytes = 1;
  using Sum = i8v;
  using RowSum = NoRowSum;
  static constexpr int kChannels = i8v::kBytes / 8, kSumRegisters = 1, kRowRegisters = 0, kWorkRegisters = 2;  // x, the distances
  static constexpr int kCompensationFactor = 0;
  static constexpr size_t kMaxGroups = 1024;
  static constexpr IntegerOperands kOperands = IntegerOperands::kAsTheyAre;
  static ALWAYS_INLINE void accumulate_row(RowSum&, i8v) {}
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return sub_i64(sum, sad(x, w)); }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], RowSum, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = low_halves(sum[2 * j], 2 * j + 1 < NV ? sum[2 * j + 1] : Sum{});
  }
};

// sum |x - w| = 2 sum max(x, w) - sum x - sum w, exact in integers: three instructions, where max, min, subtraction and a correction
// for pmaddwd's sign are six.
struct L1Shorts {
  static constexpr const char* kName = "L1Shorts";
  using Group = uint32_t;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  using RowSum = i32v;
  static constexpr int kChannels = i32v::N, kSumRegisters = 1, kRowRegisters = 1, kWorkRegisters = 3;  // x, max(x, w), ones
  static constexpr int kCompensationFactor = 1;
  static constexpr size_t kMaxGroups = 1024;
  static constexpr IntegerOperands kOperands = IntegerOperands::kAsTheyAre;
  static ALWAYS_INLINE void accumulate_row(RowSum& sum, i8v x) { sum = add(sum, madd_i16(x, ones_i16())); }
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return add(sum, madd_i16(max_i16(x, w), ones_i16())); }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], RowSum row_sum, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = sub(row_sum, add(sum[j], sum[j]));
  }
};

// The micro-ops of products share this: lanes of 32 bits that need nothing at the end.
struct Product32 {
  using Group = uint32_t;
  using Sum = i32v;
  using RowSum = NoRowSum;
  static constexpr int kChannels = i32v::N, kSumRegisters = 1, kRowRegisters = 0;
  static constexpr int kCompensationFactor = 0;
  static constexpr size_t kMaxGroups = 1024;
  static ALWAYS_INLINE void accumulate_row(RowSum&, i8v) {}
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], RowSum, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = sum[j];
  }
};

// Exact at 8 bits without VNNI: pmaddubsw would saturate at 255 * 128 * 2, pmaddwd holds every sum.
struct DotShorts : Product32 {
  static constexpr const char* kName = "DotShorts";
  static constexpr size_t kElemBytes = 2;
  static constexpr int kWorkRegisters = 2;  // x, the products
  static constexpr IntegerOperands kOperands = IntegerOperands::kWidened;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return add(sum, madd_i16(x, w)); }
};

// Weights of 7 bits: 255 * 64 * 2 is within int16.
struct DotBytes7 : Product32 {
  static constexpr const char* kName = "DotBytes7";
  static constexpr size_t kElemBytes = 1;
  static constexpr int kWorkRegisters = 3;  // x, the products, ones
  static constexpr IntegerOperands kOperands = IntegerOperands::kAsTheyAre;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w) { return add(sum, madd_i16(maddubs(x, w), ones_i16())); }
};

// For IntegerKernels::dot_8 and dot_7.
using Dot8 = DotShorts;
using Dot7 = DotBytes7;
}  // namespace
