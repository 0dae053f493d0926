// The tile of every integer convolution: MR pixels x NV vectors of output channels, all sums in registers (IntegerTileArgs).
//
// An iteration of k broadcasts a k-group of each row and adds it up against NV vectors of the panel, with a micro-op P:
//   Group, kElemBytes            a row's k-group, and the size of an element in it
//   Sum                          the sums of a vector of channels
//   accumulate(sum, x, w, row)   one micro-op; `row` of the tile is a constant once loops are unrolled, so that rows may differ
//   finish(sums, row, out)       from a row's sums to int32 lanes, sign and all
//   is_corrected(row)            whether sums of x and of w are added to them, as kNeedsRowSums and kCompensationFactor say
#pragma once
#include "integer_kernels.h"
#include "peak.inl.h"
#include "shapes.h"

namespace {
// What micro-ops have in common unless they say otherwise.
struct IntegerMicroOp {
  static constexpr size_t kMaxGroups = 1024;
  static constexpr IntegerOperands kOperands = IntegerOperands::kAsTheyAre;
  static constexpr bool kNeedsRowSums = false;
  static constexpr int kCompensationFactor = 0;
  static constexpr bool is_corrected(int) { return true; }
};

// What the first block of k adds to lanes of sums.
template <class P, int kOut>
ALWAYS_INLINE void correct_row(int row, const int32_t* row_sums, const int32_t* compensation, i32v (&out)[kOut]) {
  if (P::kCompensationFactor == 0 || !P::is_corrected(row)) return;
  if constexpr (P::kNeedsRowSums) UNROLL for (int j = 0; j < kOut; ++j) out[j] = add(out[j], broadcast_i32(row_sums[row]));
  UNROLL for (int j = 0; j < kOut; ++j) out[j] = add(out[j], load(compensation + j * i32v::N));
}

template <class P, int MR, int NV>
ALWAYS_INLINE void write_sums(const IntegerTileArgs& a, size_t group, const typename P::Sum (&sum)[MR][NV]) {
  constexpr int kColumns = NV * P::kChannels, kOut = (kColumns + i32v::N - 1) / i32v::N;
  // Copies: a store to y might change what `a` refers to.
  const size_t row_count = a.rows, y_stride = a.y_stride;
  const int32_t *const row_sums = a.row_sums + group * a.row_groups.sum_step, *const compensation = a.compensation;
  const bool first = a.first;
  if (kColumns == kOut * i32v::N && a.columns == kColumns) {
    int32_t* y = a.y + group * a.row_groups.y_step;
    UNROLL for (int i = 0; i < MR; ++i, y += y_stride) {
      if (static_cast<size_t>(i) >= row_count) return;
      i32v out[kOut];
      P::finish(sum[i], i, out);
      if (first) correct_row<P>(i, row_sums, compensation, out);
      else UNROLL for (int j = 0; j < kOut; ++j) out[j] = add(out[j], load(y + j * i32v::N));
      UNROLL for (int j = 0; j < kOut; ++j) store(y + j * i32v::N, out[j]);
    }
    return;
  }
  // Less common: through memory, so that partial vectors need no code for every row.
  int32_t rows[MR][kOut * i32v::N];
  UNROLL for (int i = 0; i < MR; ++i) {
    i32v out[kOut];
    P::finish(sum[i], i, out);
    if (first) correct_row<P>(i, row_sums, compensation, out);
    UNROLL for (int j = 0; j < kOut; ++j) store(&rows[i][j * i32v::N], out[j]);
  }
  for (size_t i = 0; i < row_count; ++i)
    for (size_t column = 0; column < a.columns; column += i32v::N) {
      const size_t left = a.columns - column;
      int32_t* const y = a.y + group * a.row_groups.y_step + i * y_stride + column;
      const i32v v = load(&rows[i][column]);
      if (left >= i32v::N) store(y, first ? v : add(v, load(y)));
      else store_partial(y, first ? v : add(v, load_partial(y, left)), left);
    }
}

// The k-groups at row[i] + p against vectors of k-groups at panel. The last one of a segment keeps only the bytes of `mask`.
template <class P, bool kMasked, int MR, int NV>
ALWAYS_INLINE void integer_iteration(typename P::Sum (&sum)[MR][NV], const unsigned char* const (&row)[MR], size_t p,
                                     const unsigned char* panel, uint64_t mask) {
  using Group = typename P::Group;
  i8v w[NV];
  UNROLL for (int j = 0; j < NV; ++j) w[j] = load(panel + j * i8v::kBytes);
  UNROLL for (int i = 0; i < MR; ++i) {
    Group group;
    __builtin_memcpy(&group, row[i] + p, sizeof group);
    i8v x = broadcast_group(group);
    if (kMasked) x = bit_and(x, broadcast_group(static_cast<Group>(mask)));
    UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = P::accumulate(sum[i][j], x, w[j], i);
  }
}

template <class P, int MR, int NV>
void integer_tile(const IntegerTileArgs& a) {
  static_assert(MR * NV * P::kSumRegisters + NV + P::kWorkRegisters <= kVectorRegisters, "sums, a row of the panel and the work registers");
  constexpr size_t kGroupBytes = sizeof(typename P::Group);
  for (size_t group = 0; group < a.row_groups.count; ++group) {
    typename P::Sum sum[MR][NV] = {};
#if !defined(__wasm__)  // whose engines give out the registers
    UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j)
        do_not_optimize_sum(sum[i][j]);  // zeros of one register: gcc copies
#endif
    const unsigned char* row[MR];
    UNROLL for (int i = 0; i < MR; ++i) row[i] = static_cast<const unsigned char*>(a.row_pointers[i]) + group * a.row_groups.row_step;
    const unsigned char* panel = a.panel;
    for (size_t r = 0; r < a.segments; ++r) {
      size_t p = a.row_offsets[r];
      for (const size_t end = p + a.groups * kGroupBytes; p < end; p += kGroupBytes, panel += NV * i8v::kBytes) {
        asm("" : "+r"(p));  // one index for all rows and segments, where gcc would advance MR pointers
        integer_iteration<P, false>(sum, row, p, panel, 0);
      }
      if (a.tail) {
        integer_iteration<P, true>(sum, row, p, panel, a.tail);
        panel += NV * i8v::kBytes;
      }
    }
    write_sums<P>(a, group, sum);
  }
}

// For peaks (peak.inl.h): what a tile does for each sum.
template <class P>
struct IntegerPeak {
  using Operand = i8v;
  using Sum = typename P::Sum;
  // A micro-op of one instruction adds up with all of its latency, of up to 5 cycles, and leaves nothing to compute ahead.
  static constexpr int kSums = P::kWorkRegisters == 1 ? 12 : kPeakSums;
  static constexpr size_t kElems = i8v::kBytes / P::kElemBytes;
  static_assert(kSums * P::kSumRegisters + 1 + P::kWorkRegisters <= kVectorRegisters, "sums, w and the work registers");
  static ALWAYS_INLINE i8v operand() { return i8v{}; }  // no sum grows: those of plain C++ must not overflow
  ALWAYS_INLINE Sum operator()(Sum sum, i8v x, i8v w, int i) const { return P::accumulate(sum, x, w, i); }
};

template <class P>
struct IntegerTiles {
  using Tile = IntegerTile;
  template <int MR, int NV>
  static constexpr Tile kTile = {MR, NV* P::kChannels, integer_tile<P, MR, NV>};
};

// The product that micro-op P makes, with tiles of these shapes.
template <class P, class Shapes>
constexpr IntegerProduct integer_product() {
  IntegerProduct product = {};
  product.micro_op = P::kName;
  product.group_bytes = sizeof(typename P::Group);
  product.max_groups = P::kMaxGroups;
  product.operands = P::kOperands;
  product.needs_row_sums = P::kNeedsRowSums;
  product.compensation_factor = P::kCompensationFactor;
  product.tiles = Shapes::template tiles<IntegerTiles<P>>;
  product.peak = peak<IntegerPeak<P>>;
  return product;
}
template <class P, class Shapes>
constexpr ByteAdder byte_adder(const char* name) {
  return {name, integer_product<P, Shapes>()};
}
// The L1 products: of int16 by L1Shorts, of bytes in these ways.
template <class L1Shorts, class Shapes, class... ByteAdders>
constexpr IntegerKernels integer_kernels(const ByteAdders&... byte_adders) {
  IntegerKernels kernels = {};
  kernels.l1_16 = integer_product<L1Shorts, Shapes>();
  const ByteAdder all[] = {byte_adders...};
  for (size_t i = 0; i < sizeof...(byte_adders); ++i) kernels.byte_adders[i] = all[i];
  return kernels;
}
}  // namespace
