// The peak of vmpsadbw, which compares four bytes with eight windows that lie one byte apart, in each lane of 128 bits: three of the four
// are of use where rows of three taps slide. It is measured beside the others, and no tile is made of it.
#pragma once
#include "../simd/mpsadbw_avx2.h"
#include "all_kernels.inl.h"

namespace {
struct Vmpsadbw {
  using Operand = i8v256;
  using Sum = i8v256;
  static constexpr int kSums = kPeakSums;
  static constexpr size_t kElems = 16 * 3;
  static ALWAYS_INLINE Operand operand() { return Operand{}; }
  ALWAYS_INLINE Sum operator()(Sum sum, Operand x, Operand w, int) const { return add_sliding(sum, x, w); }
};

constexpr KernelTable with_vmpsadbw(KernelTable table) {
  table.integer.vmpsadbw = peak<Vmpsadbw>;
  return table;
}
}  // namespace
