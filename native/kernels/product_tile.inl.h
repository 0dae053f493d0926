// The tile of every convolution: MR rows x NV vectors of columns, all sums in registers (ProductTileArgs).
//
// A step broadcasts MR elements of the rows, loads NV vectors of the panel and makes MR * NV vector steps. Start reading at the loop
// over p: the rest is setting up and writing out.
#pragma once
#include "product_kernels.h"

namespace {
// kWhole: every vector of columns is to be written, the common case; otherwise the last ones in part or not at all.
template <class P, bool kWhole, int MR, int NV>
ALWAYS_INLINE void write_sums(const ProductTileArgs& a, f32v (&sum)[MR][NV]) {
  const f32v zero = broadcast(0.0f);
  UNROLL for (int i = 0; i < MR; ++i) {
    if (static_cast<size_t>(i) >= a.rows) return;
    const f32v row_sum = P::kNeedsSums && a.last ? broadcast(a.row_sums[i]) : zero;
    UNROLL for (int j = 0; j < NV; ++j) {
      const size_t column = static_cast<size_t>(j) * f32v::N;
      if (!kWhole && column >= a.columns) break;
      const size_t left = a.columns - column;
      const bool whole = kWhole || left >= f32v::N;
      float* y = a.y + i * a.y_stride + column;
      f32v v = sum[i][j];
      if (!a.first) v = add(whole ? load(y) : load_first(y, left), v);
      if (a.last) {
        v = P::finish(v, row_sum, P::kNeedsSums ? load(a.panel_sums + column) : zero);
        if (a.row_bias) v = add(v, broadcast(a.row_bias[i]));
        if (a.panel_bias) v = add(v, load(a.panel_bias + column));
        if (a.row_scale) v = add(mul(v, broadcast(a.row_scale[i])), broadcast(a.row_shift[i]));
        if (a.panel_scale) v = add(mul(v, load(a.panel_scale + column)), load(a.panel_shift + column));
        if (a.residual) {
          const float* residual = a.residual + i * a.y_stride + column;
          v = add(v, whole ? load(residual) : load_first(residual, left));
        }
        if (a.relu) v = at_least(zero, v);
      }
      if (whole) store(y, v);
      else store_first(y, v, left);
    }
  }
}

template <class P, int MR, int NV>
void product_tile(const ProductTileArgs& a) {
  // A single sum left in memory makes the loop wait for its store: 24 instead of 49 G elements/s with 6x2 on AVX2.
  static_assert(MR * NV + NV + P::kWorkRegisters <= kVectorRegisters, "sums, a step of the panel and the work registers");
  f32v sum[MR][NV];
  UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = broadcast(0.0f);

  const f32v one = P::one();
  for (size_t r = 0; r < a.runs; ++r) {
    const float* row[MR];
    UNROLL for (int i = 0; i < MR; ++i) row[i] = a.row_origins[i] + a.row_offsets[r];
    const float* panel = a.panels[r];
    for (size_t p = 0; p < a.run_elems; ++p, panel += a.panel_stride) {
      asm("" : "+r"(p));  // keeps one index for all rows, where gcc would advance MR pointers: 84 to 92 % of a product's rate at 8x2
      f32v w[NV];
      UNROLL for (int j = 0; j < NV; ++j) w[j] = load(panel + j * f32v::N);
      UNROLL for (int i = 0; i < MR; ++i) {
        const f32v x = broadcast(row[i][p]);
        UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = P::accumulate(sum[i][j], x, w[j], one);
      }
    }
  }
  if (a.columns == NV * f32v::N) write_sums<P, true>(a, sum);
  else write_sums<P, false>(a, sum);
}

template <class P, int MR, int NV>
constexpr ProductTile kTile = {MR, NV* f32v::N, product_tile<P, MR, NV>};
}  // namespace
