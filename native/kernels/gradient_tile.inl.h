// Tiles of the adder's gradients (gradient_kernels.h): MR rows x NV vectors, with a datum beside every sum.
//
// HardTanh holds x - 1 and x + 1 in registers and clamps w between them:  clamp(w - x, -1, 1) = clamp(w, x - 1, x + 1) - x, so
//   sum g * clamp(w - x, -1, 1) = sum g * clamp(w, x - 1, x + 1) - x * sum g
// max, min and a multiply-add for each element. Max and min share two ports, so it runs at half the rate of a product. The difference of
// both sums loses as many digits as x has before its point, all of them from 2^24 on, where x - 1 and x + 1 are x: far from 0 another tile
// subtracts first.
#pragma once
#include "gradient_kernels.h"

namespace {
template <int MR, int NV>
ALWAYS_INLINE void load_data(const ProductTileArgs& a, size_t group, f32v (&data)[MR][NV]) {
  UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) {
    const size_t column = static_cast<size_t>(j) * f32v::N;
    const size_t left = static_cast<size_t>(i) < a.rows && column < a.columns ? a.columns - column : 0;
    const float* p = a.gradient.data + group * a.groups.data_step + i * a.gradient.data_stride + column;
    data[i][j] = left >= f32v::N ? load(p) : left > 0 ? load_partial(p, left) : broadcast(0.0f);
  }
}

// y = finish(sum, i, j), added to what earlier blocks left.
template <int MR, int NV, class Finish>
ALWAYS_INLINE void write_gradient(const ProductTileArgs& a, size_t group, f32v (&sum)[MR][NV], Finish finish) {
  UNROLL for (int i = 0; i < MR; ++i) {
    if (static_cast<size_t>(i) >= a.rows) return;
    UNROLL for (int j = 0; j < NV; ++j) {
      const size_t column = static_cast<size_t>(j) * f32v::N;
      if (column >= a.columns) break;
      const size_t left = a.columns - column;
      float* y = a.y + group * a.groups.y_step + i * a.y_stride + column;
      f32v v = sum[i][j];
      if (!a.first) v = add(left >= f32v::N ? load(y) : load_partial(y, left), v);
      if (a.last) v = finish(v, i, j);
      if (left >= f32v::N) store(y, v);
      else store_partial(y, v, left);
    }
  }
}

template <int MR, int NV>
void hardtanh_tile(const ProductTileArgs& a) {
  static_assert(3 * MR * NV + NV + 2 <= kVectorRegisters, "sums, both limits, a row of the panel, a broadcast and a clamped value");
  for (size_t group = 0; group < a.groups.count; ++group) {
    f32v x[MR][NV], low[MR][NV], high[MR][NV], sum[MR][NV];
    load_data(a, group, x);
    UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) {
      low[i][j] = sub(x[i][j], broadcast(1.0f));
      high[i][j] = add(x[i][j], broadcast(1.0f));
      sum[i][j] = broadcast(0.0f);
    }
    const ProductOperands& o = a.operands;
    for (size_t r = 0; r < o.segments; ++r) {
      const float* row[MR];
      UNROLL for (int i = 0; i < MR; ++i) row[i] = o.row_pointers[i] + o.row_offsets[r] + group * a.groups.row_step;
      const float* panel = o.panels[r];
      for (size_t p = 0; p < o.segment_elems; ++p, panel += o.panel_stride) {
        asm("" : "+r"(p));  // one index for all rows, as in product_tile.inl.h
        f32v w[NV];
        UNROLL for (int j = 0; j < NV; ++j) w[j] = load(panel + j * f32v::N);
        UNROLL for (int i = 0; i < MR; ++i) {
          const f32v g = broadcast(row[i][p]);
          UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = multiply_add(min(high[i][j], max(low[i][j], w[j])), g, sum[i][j]);
        }
      }
    }
    load_data(a, group, x);
    write_gradient(a, group, sum, [&](f32v v, int i, int j) {
      return sub(v, mul(x[i][j], broadcast(a.operands.row_sums[group * a.groups.sum_step + i])));
    });
  }
}

// f(d) = clamp(d, -1, 1), or sgn(d) = clamp(d * 2^127 * 2^24, -1, 1): even the smallest difference, 2^-149, is scaled beyond 1. For both 0
// stays 0 and NaN stays NaN.
template <bool kSign, int MR, int NV>
void clamp_tile(const ProductTileArgs& a) {
  static_assert(2 * MR * NV + NV + 6 <= kVectorRegisters, "sums, data, a row of the panel, a broadcast, a difference and four constants");
  for (size_t group = 0; group < a.groups.count; ++group) {
    f32v data[MR][NV], sum[MR][NV];
    load_data(a, group, data);
    UNROLL for (int i = 0; i < MR; ++i) UNROLL for (int j = 0; j < NV; ++j) sum[i][j] = broadcast(0.0f);
    const f32v huge = broadcast(0x1p127f), large = broadcast(0x1p24f), lower = broadcast(-1.0f), upper = broadcast(1.0f);
    const ProductOperands& o = a.operands;
    const size_t end = o.segment_elems * a.gradient.row_stride;
    for (size_t r = 0; r < o.segments; ++r) {
      const float* row[MR];
      UNROLL for (int i = 0; i < MR; ++i) row[i] = o.row_pointers[i] + o.row_offsets[r] + group * a.groups.row_step;
      const float* panel = o.panels[r];
      for (size_t p = 0; p < end; p += a.gradient.row_stride, panel += o.panel_stride) {
        asm("" : "+r"(p));
        f32v v[NV];
        UNROLL for (int j = 0; j < NV; ++j) v[j] = load(panel + j * f32v::N);
        UNROLL for (int i = 0; i < MR; ++i) {
          const f32v g = broadcast(row[i][p]);
          UNROLL for (int j = 0; j < NV; ++j) {
            f32v d = sub(v[j], data[i][j]);
            if constexpr (kSign) d = mul(mul(d, huge), large);
            sum[i][j] = multiply_add(min(upper, max(lower, d)), g, sum[i][j]);
          }
        }
      }
    }
    write_gradient(a, group, sum, [](f32v v, int, int) { return v; });
  }
}

struct HardtanhTiles {
  using Tile = ProductTile;
  template <int MR, int NV>
  static constexpr Tile kTile = {MR, NV* f32v::N, hardtanh_tile<MR, NV>};
};
template <bool kSign>
struct ClampTiles {
  using Tile = ProductTile;
  template <int MR, int NV>
  static constexpr Tile kTile = {MR, NV* f32v::N, clamp_tile<kSign, MR, NV>};
};
}  // namespace
