// The tile of a binary convolution: MR windows x NV vectors of filters, all counts in registers (XnorTileArgs).
#pragma once
#include "peak.inl.h"
#include "shapes.h"
#include "xnor_kernels.h"

namespace {
// Counts the differences of words [first, last) into counts.
template <int MR, int NV>
ALWAYS_INLINE void count_words(const XnorTileArgs& a, size_t first, size_t last, b32v (&counts)[MR][NV]) {
  const uint32_t* row[MR];
  UNROLL for (int i = 0; i < MR; ++i) row[i] = a.row_pointers[i];
  UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) counts[i][j] = broadcast_signs(0);
  const uint32_t* panel = a.panel + first * NV * b32v::N;
  for (size_t p = first; p < last; ++p, panel += NV * b32v::N) {
    const size_t offset = a.word_offsets[p];
    b32v w[NV];
    UNROLL for (int j = 0; j < NV; ++j) w[j] = load_words(panel + j * b32v::N);
    UNROLL for (int i = 0; i < MR; ++i) {
      const b32v x = broadcast_signs(row[i][offset]);
      UNROLL for (int j = 0; j < NV; ++j) {
        counts[i][j] = count_differences(counts[i][j], x, w[j]);
        if constexpr (kMaxCountIterations != SIZE_MAX)
          do_not_optimize(counts[i][j].v);  // changed in place: gcc gives bytes before and after a register each, and spills
      }
    }
  }
  UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) counts[i][j] = sum_bytes(counts[i][j]);
}

template <int MR, int NV>
void xnor_tile(const XnorTileArgs& a) {
  static_assert(MR * NV + NV + kCountRegisters <= kVectorRegisters, "counts, a row of the panel and the work registers");
  static_assert(b32v::N == f32v::N, "a lane of counts becomes a lane of floats");
  b32v total[MR][NV];
  if constexpr (kMaxCountIterations == SIZE_MAX) {
    count_words(a, 0, a.words, total);
  } else {
    UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) total[i][j] = broadcast_signs(0);
    for (size_t p = 0; p < a.words; p += kMaxCountIterations) {
      b32v counts[MR][NV];
      count_words(a, p, a.words - p < kMaxCountIterations ? a.words : p + kMaxCountIterations, counts);
      UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) total[i][j] = add(total[i][j], counts[i][j]);
    }
  }
  const b32v k = broadcast_signs(static_cast<uint32_t>(a.k));
  UNROLL for (int i = 0; i < MR; ++i) {
    if (static_cast<size_t>(i) >= a.rows) return;
    UNROLL for (int j = 0; j < NV; ++j) {
      const size_t column = static_cast<size_t>(j) * f32v::N;
      if (column >= a.columns) break;
      const size_t left = a.columns - column;
      f32v v = mul(to_float(sub(k, add(total[i][j], total[i][j]))), load(a.alpha + column));
      if (a.bias) v = add(v, load(a.bias + column));
      float* y = a.y + i * a.y_stride + column;
      if (left >= f32v::N) store(y, v);
      else store_partial(y, v, left);
    }
  }
}

void pack_signs(size_t n, const float* x, uint32_t* bits) {
  for (; n >= 32; n -= 32, x += 32) {
    uint32_t word = 0;
    UNROLL for (int l = 0; l < 32; l += f32v::N) word |= negative_lanes(load(x + l)) << l;
    *bits++ = word;
  }
  if (n == 0) return;
  uint32_t word = 0;
  for (size_t l = 0; l < n; l += f32v::N) word |= negative_lanes(n - l >= f32v::N ? load(x + l) : load_partial(x + l, n - l)) << l;
  *bits = word;
}

struct XnorTiles {
  using Tile = XnorTile;
  template <int MR, int NV>
  static constexpr Tile kTile = {MR, NV* b32v::N, xnor_tile<MR, NV>};
};

// For peaks (peak.inl.h).
struct SignMicroOp {
  using Operand = b32v;
  using Sum = b32v;
  static constexpr int kSums = kPeakSums;
  static constexpr size_t kElems = b32v::N * kSignsPerWord;
  static ALWAYS_INLINE b32v operand() { return broadcast_signs(1); }
  ALWAYS_INLINE b32v operator()(b32v counts, b32v x, b32v w, int) const { return count_differences(counts, x, w); }
};

constexpr XnorKernels kXnor = {kSignsPerWord, pack_signs, XnorShapes::tiles<XnorTiles>, peak<SignMicroOp>};
}  // namespace
