// The peak of a micro-op: as many sums as hide its latency, in registers. Operands are opaque to the compiler, which otherwise would take
// the invariant half of a micro-op out of the loop.
//
// A MicroOp lies beside the tiles that are made of it:
//   Operand, operand()   what it takes of x and of w, and a first value for both
//   Sum, operator()      what it adds up in, from zeros on; one micro-op, of the i-th sum
//   kSums, kElems        independent sums that keep a core busy; elements of one micro-op
#pragma once
#include "../simd/do_not_optimize.h"
#include "peak_kernels.h"

namespace {
// At least 8, for 2 micro-ops at once of 4 cycles each; no more than leave as many registers for what the compiler computes ahead.
constexpr int kPeakSums = kVectorRegisters == 32 ? 12 : 8;

// A sum is one register or two.
template <class Sum>
ALWAYS_INLINE auto do_not_optimize_sum(Sum& sum) -> decltype(do_not_optimize(sum.v)) {
  do_not_optimize(sum.v);
}
template <class Sum>
ALWAYS_INLINE auto do_not_optimize_sum(Sum& sum) -> decltype(do_not_optimize(sum.low)) {
  do_not_optimize(sum.low);
  do_not_optimize(sum.high);
}

template <class MicroOp>
size_t peak(size_t rounds) {
  const MicroOp micro_op;
  typename MicroOp::Operand x = MicroOp::operand(), w = MicroOp::operand();
  do_not_optimize(w.v);
  typename MicroOp::Sum sum[MicroOp::kSums] = {};
  for (size_t r = 0; r < rounds; ++r) UNROLL for (int i = 0; i < MicroOp::kSums; ++i) {
      do_not_optimize(x.v);
      sum[i] = micro_op(sum[i], x, w, i);
    }
  UNROLL for (int i = 0; i < MicroOp::kSums; ++i) do_not_optimize_sum(static_cast<const typename MicroOp::Sum&>(sum[i]));
  return rounds * MicroOp::kSums * MicroOp::kElems;
}
}  // namespace
