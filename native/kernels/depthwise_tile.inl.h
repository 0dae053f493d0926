// Depthwise tile: MR pixels x one vector of channels; a vector of weights is loaded once for MR pixels (DepthwiseTileArgs).
#pragma once
#include "product_kernels.h"

namespace {
template <class P, int MR>
void depthwise_tile(const DepthwiseTileArgs& a) {
  const float* row[MR];
  UNROLL for (int i = 0; i < MR; ++i) row[i] = a.row_pointers[i];
  for (size_t c = 0; c < a.channels; c += f32v::N) {
    const size_t left = a.channels - c;
    const bool is_full = left >= f32v::N;
    f32v sum[MR];
    UNROLL for (int i = 0; i < MR; ++i) sum[i] = broadcast(0.0f);
    for (size_t t = 0; t < a.taps; ++t) {
      const float* weights = a.weights + t * a.channels + c;
      const f32v w = is_full ? load(weights) : load_partial(weights, left);
      UNROLL for (int i = 0; i < MR; ++i) {
        const float* x = row[i] + a.tap_offsets[t] + c;
        sum[i] = P::accumulate_direct(sum[i], is_full ? load(x) : load_partial(x, left), w);
      }
    }
    UNROLL for (int i = 0; i < MR; ++i) {
      if (static_cast<size_t>(i) >= a.rows) break;
      f32v v = P::finish_direct(sum[i]);
      if (a.bias) v = add(v, is_full ? load(a.bias + c) : load_partial(a.bias + c, left));
      float* y = a.y + i * a.y_stride + c;
      if (is_full) store(y, v);
      else store_partial(y, v, left);
    }
  }
}

template <class P, int MR>
constexpr DepthwiseTile kDepthwiseTile = {MR, depthwise_tile<P, MR>};
}  // namespace
