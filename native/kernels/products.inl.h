// The two products that a tile can compute, as one micro-op and one end each.
//
//   Dot:  y =   sum x * w        the convolution of a CNN
//   L1:   y = - sum |x - w|      the convolution of an adder network (AdderNet, CVPR 2020, eq. 2)
#pragma once
#include "peak.inl.h"

namespace {
struct Dot {
  static constexpr int kWorkRegisters = 1;  // x
  static constexpr bool kNeedsSums = false;
  static ALWAYS_INLINE f32v one() { return broadcast(1.0f); }
  static ALWAYS_INLINE f32v accumulate(f32v sum, f32v x, f32v w, f32v) { return multiply_add(x, w, sum); }
  static ALWAYS_INLINE f32v finish(f32v sum, f32v, f32v) { return sum; }
  // For the depthwise tile, which has few taps: the sums of x would cost more than they save.
  static ALWAYS_INLINE f32v accumulate_direct(f32v sum, f32v x, f32v w) { return multiply_add(x, w, sum); }
  static ALWAYS_INLINE f32v finish_direct(f32v sum) { return sum; }
};

struct L1 {
  static constexpr int kWorkRegisters = 3;  // x, max(x, w), one
  static constexpr bool kNeedsSums = kL1NeedsSums;
  static ALWAYS_INLINE f32v one() { return l1_one(); }
  static ALWAYS_INLINE f32v accumulate(f32v sum, f32v x, f32v w, f32v one) { return l1_accumulate(sum, x, w, one); }
  // With sums, rounding may leave a distance a little below zero where x and w are nearly equal, so y is 0 at most. Of x and a
  // NaN, x is the larger for x86: a NaN in x shows in every sum of it, and one in w in the panel's sum alone.
  static ALWAYS_INLINE f32v finish(f32v sum, f32v row_sum, f32v panel_sum) {
    if constexpr (kL1NeedsSums) return min(broadcast(0.0f), sub(add(row_sum, panel_sum), add(sum, sum)));
    return sub(broadcast(0.0f), sum);
  }
  static ALWAYS_INLINE f32v accumulate_direct(f32v sum, f32v x, f32v w) { return add(sum, abs_diff(x, w)); }
  static ALWAYS_INLINE f32v finish_direct(f32v sum) { return sub(broadcast(0.0f), sum); }
};

// No product: the bare addition with which both are compared.
struct Addition {
  static ALWAYS_INLINE f32v one() { return broadcast(1.0f); }
  static ALWAYS_INLINE f32v accumulate(f32v sum, f32v x, f32v, f32v) { return add(sum, x); }
};

// For peaks (peak.inl.h).
template <class P>
struct ProductMicroOp {
  using Operand = f32v;
  using Sum = f32v;
  // A maximum before the addition upsets the order in which 8 sums would just do: 42 instead of 49 G elements/s on Zen 3.
  static constexpr int kSums = kPeakSums < 10 ? 10 : kPeakSums;
  static constexpr size_t kElems = f32v::N;
  const f32v one = P::one();
  static ALWAYS_INLINE f32v operand() { return broadcast(1.0f); }
  ALWAYS_INLINE f32v operator()(f32v sum, f32v x, f32v w, int) const { return P::accumulate(sum, x, w, one); }
};
}  // namespace
