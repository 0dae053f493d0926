// The tile of every float convolution but the depthwise one: MR rows x NV vectors of columns, all sums in registers (ProductTileArgs).
//
// An iteration of k broadcasts MR elements of the rows, loads NV vectors of the panel and makes MR * NV micro-ops. Start reading at the
// loop over p: the rest is setting up and writing out.
#pragma once
#include "product_kernels.h"

namespace {
// use(i, j, column) for each vector that is to be written. kWhole: all of them, the common case; else in a loop, over sums in memory, since
// a second unrolled copy of every stage would be as long as the first.
template <bool kWhole, int MR, int NV, class Use>
ALWAYS_INLINE void each_sum(const ProductTileArgs& a, Use use) {
  if constexpr (kWhole) {
    UNROLL for (int j = 0; j < NV; ++j) UNROLL for (int i = 0; i < MR; ++i) use(i, j, static_cast<size_t>(j) * f32v::N);
  } else {
    for (int j = 0; static_cast<size_t>(j) * f32v::N < a.columns; ++j)
      for (int i = 0; static_cast<size_t>(i) < a.rows; ++i) use(i, j, static_cast<size_t>(j) * f32v::N);
  }
}

// Stage by stage, not sum by sum: each stage is tested for once, and its numbers of a column are loaded once for MR sums.
template <class P, bool kWhole, int MR, int NV>
ALWAYS_INLINE void write_sums(const ProductTileArgs& a, size_t group, f32v (&sum)[MR][NV]) {
  float* const all = a.y + group * a.groups.y_step;
  const auto each = [&](auto use) { each_sum<kWhole, MR, NV>(a, use); };
  const auto is_whole = [&](size_t column) { return kWhole || a.columns - column >= f32v::N; };
  const auto load_like_y = [&](const float* from, int i, size_t column) {
    const float* p = from + i * a.y_stride + column;
    return is_whole(column) ? load(p) : load_partial(p, a.columns - column);
  };
  const f32v zero = broadcast(0.0f);
  if (!a.first) each([&](int i, int j, size_t column) { sum[i][j] = add(load_like_y(all, i, column), sum[i][j]); });
  if (a.last) {
    const TileEpilogue& e = a.epilogue;
    each([&](int i, int j, size_t column) {
      sum[i][j] = P::finish(sum[i][j], P::kNeedsSums ? broadcast(a.operands.row_sums[i]) : zero,
                            P::kNeedsSums ? load(a.operands.panel_sums + column) : zero);
    });
    if (e.row_bias) each([&](int i, int j, size_t) { sum[i][j] = add(sum[i][j], broadcast(e.row_bias[i])); });
    if (e.panel_bias) each([&](int i, int j, size_t column) { sum[i][j] = add(sum[i][j], load(e.panel_bias + column)); });
    if (e.row_scale)
      each([&](int i, int j, size_t) { sum[i][j] = add(mul(sum[i][j], broadcast(e.row_scale[i])), broadcast(e.row_shift[i])); });
    if (e.panel_scale)
      each([&](int i, int j, size_t column) {
        sum[i][j] = add(mul(sum[i][j], load(e.panel_scale + column)), load(e.panel_shift + column));
      });
    if (e.residual) each([&](int i, int j, size_t column) { sum[i][j] = add(sum[i][j], load_like_y(e.residual, i, column)); });
    if (e.activation.has_min()) {
      const f32v lower = broadcast(e.activation.min);
      each([&](int i, int j, size_t) { sum[i][j] = max(lower, sum[i][j]); });
    }
    if (e.activation.has_max()) {
      const f32v upper = broadcast(e.activation.max);
      each([&](int i, int j, size_t) { sum[i][j] = min(upper, sum[i][j]); });
    }
  }
  each([&](int i, int j, size_t column) {
    float* y = all + i * a.y_stride + column;
    if (is_whole(column)) store(y, sum[i][j]);
    else store_partial(y, sum[i][j], a.columns - column);
  });
}

// kStrided is its own code, since the stride costs 5 % of the rate where it is 1.
template <class P, int MR, int NV, bool kStrided>
void product_tile(const ProductTileArgs& a) {
  // A single sum left in memory makes the loop wait for its store: 24 instead of 49 G elements/s with 6x2 on AVX2.
  static_assert(MR * NV + NV + P::kWorkRegisters <= kVectorRegisters, "sums, a row of the panel and the work registers");
  const ProductOperands& o = a.operands;
  const f32v one = P::one();
  const size_t stride = kStrided ? a.gradient.row_stride : 1, end = o.segment_elems * stride;
  for (size_t group = 0; group < a.groups.count; ++group) {
    f32v sum[MR][NV];
    UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = broadcast(0.0f);
    for (size_t r = 0; r < o.segments; ++r) {
      const float* row[MR];
      UNROLL for (int i = 0; i < MR; ++i) row[i] = o.row_pointers[i] + o.row_offsets[r] + group * a.groups.row_step;
      const float* panel = o.panels[r];
      for (size_t p = 0; p < end; p += stride, panel += o.panel_stride) {
        asm("" : "+r"(p));  // keeps one index for all rows, where gcc would advance MR pointers: 84 to 92 % of a product's rate at 8x2
        f32v w[NV];
        UNROLL for (int j = 0; j < NV; ++j) w[j] = load(panel + j * f32v::N);
        UNROLL for (int i = 0; i < MR; ++i) {
          const f32v x = broadcast(row[i][p]);
          UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = P::accumulate(sum[i][j], x, w[j], one);
        }
      }
    }
    if (a.rows == MR && a.columns == NV * f32v::N) {
      write_sums<P, true>(a, group, sum);
      continue;
    }
    f32v in_memory[MR][NV];
    UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) in_memory[i][j] = sum[i][j];
    write_sums<P, false>(a, group, in_memory);
  }
}

template <class P, bool kStrided>
struct ProductTiles {
  using Tile = ProductTile;
  template <int MR, int NV>
  static constexpr Tile kTile = {MR, NV* f32v::N, product_tile<P, MR, NV, kStrided>};
};
}  // namespace
