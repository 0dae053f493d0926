// The peak of a step: as many sums as hide its latency, in registers. Operands are opaque to the compiler, which otherwise would take a
// step's invariant half out of the loop.
#pragma once
#include "../simd/opaque.h"
#include "peak_kernels.h"

namespace {
template <class P>
struct ProductStep {
  using Vector = f32v;
  static constexpr size_t kElems = f32v::N;
  const f32v one = P::one();
  static ALWAYS_INLINE f32v operand() { return broadcast(1.0f); }
  ALWAYS_INLINE f32v operator()(f32v sum, f32v x, f32v w) const { return P::accumulate(sum, x, w, one); }
};

struct SignStep {
  using Vector = b32v;
  static constexpr size_t kElems = b32v::N * kSignsPerWord;
  static ALWAYS_INLINE b32v operand() { return broadcast_signs(1); }
  ALWAYS_INLINE b32v operator()(b32v counts, b32v x, b32v w) const { return count_differences(counts, x, w); }
};

template <class Step>
size_t peak(size_t steps) {
  // At least 8, for 2 steps at once of 4 cycles each; no more than leave as many registers for what the compiler computes ahead.
  constexpr int kSums = kVectorRegisters == 32 ? 12 : 8;
  const Step step;
  typename Step::Vector sum[kSums], x = Step::operand(), w = Step::operand();
  UNROLL for (int i = 0; i < kSums; ++i) sum[i] = Step::operand();
  for (size_t s = 0; s < steps; ++s) UNROLL for (int i = 0; i < kSums; ++i) {
      make_opaque(x.v);
      sum[i] = step(sum[i], x, w);
    }
  UNROLL for (int i = 0; i < kSums; ++i) keep(sum[i].v);
  return steps * kSums * Step::kElems;
}
}  // namespace
