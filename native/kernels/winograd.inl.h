// The transforms of Winograd adder layers, a vector of channels at a time (WinogradKernels).
#pragma once
#include "lanes.inl.h"
#include "winograd_kernels.h"
#include "winograd_matrices.inl.h"

namespace {
// A and B times a column of vectors.
ALWAYS_INLINE void times_a(f32v a, f32v b, f32v (&out)[4]) {
  out[0] = sub(broadcast(0.0f), a);
  out[1] = add(a, b);
  out[2] = sub(a, b);
  out[3] = b;
}
ALWAYS_INLINE void times_b(f32v a, f32v b, f32v c, f32v d, f32v (&out)[4]) {
  out[0] = a;
  out[1] = add(sub(b, c), d);
  out[2] = sub(add(b, c), a);
  out[3] = sub(broadcast(0.0f), d);
}

void winograd_transform_input(size_t tiles, size_t channels, const float* d, size_t row_stride, size_t pixel_stride, float* v,
                              size_t position_stride) {
  for (size_t t = 0; t < tiles; ++t, d += 2 * pixel_stride, v += channels)
    each_vector(channels, [&](size_t channel, auto lanes) {
      transform_input<f32v>([&](size_t r, size_t c) { return lanes.get(d + channel + r * row_stride + c * pixel_stride); },
                            [&](size_t p, f32v a) { lanes.put(v + channel + p * position_stride, a); });
    });
}

// The means over so many channels of the four pixels of a tile, from vectors that add up to their sums.
struct PixelMeans {
  f32v mean[4];

  ALWAYS_INLINE PixelMeans(const f32v (&sums)[4], size_t channels) {
    constexpr size_t kRows = f32v::N > 4 ? f32v::N : 4;
    f32v rows[kRows];
    float reduced[kRows];
    UNROLL for (size_t i = 0; i < kRows; ++i) rows[i] = i < 4 ? sums[i] : broadcast(0.0f);
    UNROLL for (size_t i = 0; i < 4; i += f32v::N) store(reduced + i, reduce_rows(rows + i));
    UNROLL for (size_t i = 0; i < 4; ++i) mean[i] = broadcast(reduced[i] / static_cast<float>(channels));
  }
};

ALWAYS_INLINE PixelMeans transform_tile(const WinogradOutputArgs& a, size_t tile) {
  f32v sums[4];
  UNROLL for (size_t i = 0; i < 4; ++i) sums[i] = broadcast(0.0f);
  each_vector(a.channels, [&](size_t column, auto lanes) {
    const float* const s = a.sums + tile * a.tile_stride + column;
    f32v out[2][2];
    transform_output<f32v>([&](size_t p) { return lanes.get(s + p * a.position_stride); }, out);
    UNROLL for (size_t i = 0; i < 4; ++i) {
      store(a.transformed + i * a.channel_terms_stride + column, out[i / 2][i % 2]);
      sums[i] = add(sums[i], out[i / 2][i % 2]);
    }
  });
  return {sums, a.channels};
}

template <class Lanes>
ALWAYS_INLINE void finish_tile(const WinogradOutputArgs& a, const PixelMeans& means, size_t tile, size_t column, Lanes lanes) {
  const TileEpilogue& e = a.epilogue;
  const f32v factor = broadcast(a.factor);
  f32v out[2][2];
  UNROLL for (size_t i = 0; i < 4; ++i) {
    const size_t at = i * a.channel_terms_stride + column;
    out[i / 2][i % 2] = multiply_add(factor, sub(load(a.transformed + at), means.mean[i]), load(a.channel_terms + at));
  }
  if (e.panel_scale) {
    const f32v scale = load(e.panel_scale + column), shift = load(e.panel_shift + column);
    UNROLL for (size_t r = 0; r < 2; ++r) UNROLL for (size_t b = 0; b < 2; ++b) out[r][b] = add(mul(out[r][b], scale), shift);
  }
  const f32v lower = broadcast(e.activation.min), upper = broadcast(e.activation.max);
  const bool has_min = e.activation.has_min(), has_max = e.activation.has_max();
  UNROLL for (size_t r = 0; r < 2; ++r) UNROLL for (size_t b = 0; b < 2; ++b) {
    if (r >= a.rows || 2 * tile + b >= a.pixels) continue;
    const size_t at = r * a.y_row_stride + (2 * tile + b) * a.y_stride + column;
    f32v v = out[r][b];
    if (e.residual) v = add(v, lanes.get(e.residual + at));
    if (has_min) v = max(lower, v);
    if (has_max) v = min(upper, v);
    lanes.put(a.y + at, v);
  }
}

void winograd_transform_output(const WinogradOutputArgs& args) {
  const WinogradOutputArgs a = args;  // a copy: a store to y might change what `args` refers to
  for (size_t tile = 0; tile < a.tiles; ++tile) {
    const PixelMeans means = transform_tile(a, tile);
    each_vector(a.channels, [&](size_t column, auto lanes) { finish_tile(a, means, tile, column, lanes); });
  }
}

void winograd_transform_output_grad(size_t channels, const float* const gy[4], float* gs, size_t position_stride) {
  f32v sums[4];
  UNROLL for (size_t i = 0; i < 4; ++i) sums[i] = broadcast(0.0f);
  each_vector(channels, [&](size_t c, auto lanes) { UNROLL for (size_t i = 0; i < 4; ++i) sums[i] = add(sums[i], lanes.get(gy[i] + c)); });
  const PixelMeans means(sums, channels);
  each_vector(channels, [&](size_t c, auto lanes) {
    const auto centered = [&](size_t i) { return sub(lanes.get(gy[i] + c), means.mean[i]); };
    f32v columns[2][4];
    UNROLL for (size_t b = 0; b < 2; ++b) times_a(centered(b), centered(2 + b), columns[b]);
    UNROLL for (size_t i = 0; i < 4; ++i) {
      f32v row[4];
      times_a(columns[0][i], columns[1][i], row);
      UNROLL for (size_t j = 0; j < 4; ++j) lanes.put(gs + (4 * i + j) * position_stride + c, row[j]);
    }
  });
}

void winograd_transform_input_grad(size_t channels, const float* gv, size_t position_stride, float* const gx[16]) {
  each_vector(channels, [&](size_t c, auto lanes) {
    const auto at = [&](size_t i, size_t j) { return lanes.get(gv + (4 * i + j) * position_stride + c); };
    f32v columns[4][4];
    UNROLL for (size_t j = 0; j < 4; ++j) times_b(at(0, j), at(1, j), at(2, j), at(3, j), columns[j]);
    UNROLL for (size_t r = 0; r < 4; ++r) {
      f32v row[4];
      times_b(columns[0][r], columns[1][r], columns[2][r], columns[3][r], row);
      UNROLL for (size_t b = 0; b < 4; ++b) {
        float* const p = gx[4 * r + b] + c;
        lanes.put(p, add(lanes.get(p), row[b]));
      }
    }
  });
}

constexpr WinogradKernels kWinogradForward = {winograd_transform_input, winograd_transform_output, nullptr, nullptr};
constexpr WinogradKernels kWinograd = {winograd_transform_input, winograd_transform_output, winograd_transform_output_grad,
                                       winograd_transform_input_grad};
}  // namespace
