// The micro-ops of integer tiles on x86, in primitives of simd/integer_sse41.h, _avx2.h and _avx512.h.
//
// Bytes have three ways, which read the same panels: a k-group is 8 bytes, a lane of 64 bits.
//   Psadbw      psadbw adds up 8 distances in such a lane. It goes to one port of most Intel cores, two of AMD's.
//   MaxDot      sum |x - w| = 2 sum max(x, w) - sum x - sum w, exact in integers: max and a dot product by ones go to other ports.
//   Mixed       some rows of a tile one way, some the other, so that no port waits
#pragma once
#include "../simd/row_sums_x86.h"
#include "integer_sums.inl.h"
#include "integer_tile.inl.h"

namespace {
struct ByteMicroOp : IntegerMicroOp {
  using Group = uint64_t;
  static constexpr size_t kElemBytes = 1;
  using Sum = i8v;
  static constexpr int kChannels = i8v::kBytes / 8, kSumRegisters = 1;
};

struct Psadbw : ByteMicroOp {
  static constexpr const char* kName = "Psadbw";
  static constexpr int kWorkRegisters = 2;  // x, the distances
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return sub_i64(sum, sad(x, w)); }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = low_halves(sum[2 * j], 2 * j + 1 < NV ? sum[2 * j + 1] : Sum{});
  }
};

// The dot product of two bytes at a time, pmaddubsw, in lanes of 16 bits: 128 of them hold 128 * 2 * 255 = 65280.
struct MaxMaddubs : ByteMicroOp {
  static constexpr const char* kName = "MaxMaddubs";
  static constexpr int kWorkRegisters = 3;  // x, the maxima, ones
  static constexpr size_t kMaxGroups = 128;
  static constexpr bool kNeedsRowSums = true;
  static constexpr int kCompensationFactor = 1;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add_i16(sum, maddubs(max_u8(x, w), broadcast_i8(1))); }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) {
      const i32v half = add_pairs(add_u16_pairs(sum[2 * j]), 2 * j + 1 < NV ? add_u16_pairs(sum[2 * j + 1]) : broadcast_i32(0));
      out[j] = sub(broadcast_i32(0), add(half, half));
    }
  }
};

// The last of every kPeriod rows of a tile by MaxDot, the others by psadbw.
template <class MaxDot, int kPeriod>
struct MixedBytes : MaxDot {
  using Sum = typename ByteMicroOp::Sum;
  static constexpr bool is_corrected(int row) { return row % kPeriod == kPeriod - 1; }
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int row) {
    return is_corrected(row) ? MaxDot::accumulate(sum, x, w, row) : Psadbw::accumulate(sum, x, w, row);
  }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int row, i32v (&out)[kOut]) {
    if (is_corrected(row)) MaxDot::finish(sum, row, out);
    else Psadbw::finish(sum, row, out);
  }
};

struct MixedMaddubs : MixedBytes<MaxMaddubs, 4> {
  static constexpr const char* kName = "MixedMaddubs";
};

// int16, by the same identity: three instructions, where max, min, subtraction and a correction for pmaddwd's sign are six.
struct MaxMaddwd : IntegerMicroOp {
  static constexpr const char* kName = "MaxMaddwd";
  using Group = ShortGroup;
  static constexpr size_t kElemBytes = 2;
  using Sum = i32v;
  static constexpr int kChannels = i8v::kBytes / sizeof(Group), kSumRegisters = 1, kWorkRegisters = 3;  // x, the maxima, -2
  static constexpr bool kNeedsRowSums = true;
  static constexpr int kCompensationFactor = 1;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, madd_i16(max_i16(x, w), broadcast_i16(-2))); }
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) {
      if constexpr (kChannels == i32v::N) out[j] = sum[j];
      else out[j] = add_pairs(sum[2 * j], 2 * j + 1 < NV ? sum[2 * j + 1] : broadcast_i32(0));
    }
  }
};

// The micro-ops of products share this: lanes of 32 bits that need nothing at the end.
struct Product32 : IntegerMicroOp {
  using Group = uint32_t;
  using Sum = i32v;
  static constexpr int kChannels = i32v::N, kSumRegisters = 1;
  template <int NV, int kOut>
  static ALWAYS_INLINE void finish(const Sum (&sum)[NV], int, i32v (&out)[kOut]) {
    UNROLL for (int j = 0; j < kOut; ++j) out[j] = sum[j];
  }
};

// Exact at 8 bits without VNNI: pmaddubsw would saturate at 255 * 128 * 2, pmaddwd holds every sum.
struct DotShorts : Product32 {
  static constexpr const char* kName = "DotShorts";
  static constexpr size_t kElemBytes = 2;
  static constexpr int kWorkRegisters = 2;  // x, the products
  static constexpr IntegerOperands kOperands = IntegerOperands::kWidened;
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, madd_i16(x, w)); }
};

// Weights of 7 bits: 255 * 64 * 2 is within int16.
struct DotBytes7 : Product32 {
  static constexpr const char* kName = "DotBytes7";
  static constexpr size_t kElemBytes = 1;
  static constexpr int kWorkRegisters = 3;  // x, the products, ones
  static ALWAYS_INLINE Sum accumulate(Sum sum, i8v x, i8v w, int) { return add(sum, madd_i16(maddubs(x, w), broadcast_i16(1))); }
};

// For IntegerKernels.
using L1Shorts = MaxMaddwd;
using Dot8 = DotShorts;
using Dot7 = DotBytes7;
}  // namespace
