// The peak of a step: as many sums as hide its latency, in registers. Operands are opaque to the compiler, which otherwise would take a
// step's invariant half out of the loop.
//
// A Step lies beside the tiles that are made of it:
//   Operand, operand()   what it takes of x and of w, and a first value for both
//   Sum, operator()      what it adds up in, from zeros on; one step
//   kSums, kElems        independent sums that keep a core busy; elements of one step
#pragma once
#include "../simd/opaque.h"
#include "peak_kernels.h"

namespace {
// At least 8, for 2 steps at once of 4 cycles each; no more than leave as many registers for what the compiler computes ahead.
constexpr int kPeakSums = kVectorRegisters == 32 ? 12 : 8;

// A sum is one register or two.
template <class Sum>
ALWAYS_INLINE auto keep_sum(const Sum& sum) -> decltype(keep(sum.v)) {
  keep(sum.v);
}
template <class Sum>
ALWAYS_INLINE auto keep_sum(const Sum& sum) -> decltype(keep(sum.low)) {
  keep(sum.low);
  keep(sum.high);
}

template <class Step>
size_t peak(size_t steps) {
  const Step step;
  typename Step::Operand x = Step::operand(), w = Step::operand();
  make_opaque(w.v);
  typename Step::Sum sum[Step::kSums] = {};
  for (size_t s = 0; s < steps; ++s) UNROLL for (int i = 0; i < Step::kSums; ++i) {
      make_opaque(x.v);
      sum[i] = step(sum[i], x, w);
    }
  UNROLL for (int i = 0; i < Step::kSums; ++i) keep_sum(sum[i]);
  return steps * Step::kSums * Step::kElems;
}
}  // namespace
