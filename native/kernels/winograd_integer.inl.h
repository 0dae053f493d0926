// The transforms of Winograd adder layers of integers (WinogradIntegerKernels): lanes of int16 hold V, lanes of int32 the sums.
#pragma once
#include "lanes.inl.h"
#include "quantize.inl.h"
#include "winograd_kernels.h"
#include "winograd_matrices.inl.h"

namespace {
// A vector of channels of pixel (row, column) of a tile.
template <class X>
ALWAYS_INLINE auto pixels(const X* d, size_t row_stride, size_t pixel_stride) {
  return [=](size_t r, size_t c) { return load_i16(d + r * row_stride + c * pixel_stride); };
}

ALWAYS_INLINE void store_byte_lanes(uint8_t* p, i16v a) { store_i16(p, a); }
ALWAYS_INLINE void store_byte_lanes(int16_t* p, i16v a) {  // for the sets whose k-groups are widened
  uint8_t bytes[i16v::N];
  store_i16(bytes, a);
  for (size_t i = 0; i < i16v::N; ++i) p[i] = bytes[i];
}

template <class T>
void winograd_transform_bytes(size_t tiles, size_t channels, const uint8_t* d, size_t row_stride, size_t pixel_stride,
                              const WinogradRounding& rounding, void* v, size_t position_stride) {
  T* out = static_cast<T*>(v);
  for (size_t t = 0; t < tiles; ++t, d += 2 * pixel_stride, out += channels)
    for (size_t c = 0; c < channels; c += i16v::N)
      transform_input<i16v>(pixels(d + c, row_stride, pixel_stride), [&](size_t p, i16v a) {
        store_byte_lanes(out + p * position_stride + c, shift_right(add(a, broadcast_lanes(rounding.offsets[p])), rounding.shifts[p]));
      });
}

void winograd_transform_shorts(size_t tiles, size_t channels, const int16_t* d, size_t row_stride, size_t pixel_stride, int16_t* v,
                               size_t position_stride) {
  for (size_t t = 0; t < tiles; ++t, d += 2 * pixel_stride, v += channels)
    for (size_t c = 0; c < channels; c += i16v::N)
      transform_input<i16v>(pixels(d + c, row_stride, pixel_stride), [&](size_t p, i16v a) { store_i16(v + p * position_stride + c, a); });
}

template <bool kShifted, class Lanes>
ALWAYS_INLINE void transform_sums_of_tile(const WinogradSumsArgs& a, size_t tile, size_t channel, Lanes lanes) {
  const int32_t* const s = a.sums + tile * a.channel_stride + channel;
  const auto sum = [&](size_t p) {
    const i32v v = lanes.get(s + p * a.position_stride);
    return kShifted ? shift_left(v, a.shifts[p]) : v;
  };
  i32v out[2][2];
  transform_output<i32v>(sum, out);
  UNROLL for (size_t r = 0; r < 2; ++r) UNROLL for (size_t b = 0; b < 2; ++b) {
    const i32v constant = lanes.get(a.constants + (2 * r + b) * a.channel_stride + channel);
    lanes.put(a.y + ((r * a.tiles + tile) * 2 + b) * a.channel_stride + channel, add(out[r][b], constant));
  }
}

void winograd_transform_sums(const WinogradSumsArgs& args) {
  const WinogradSumsArgs a = args;  // a copy: a store to y might change what `args` refers to
  for (size_t tile = 0; tile < a.tiles; ++tile)
    each_vector(a.channels, [&](size_t channel, auto lanes) {
      if (a.shifts) transform_sums_of_tile<true>(a, tile, channel, lanes);
      else transform_sums_of_tile<false>(a, tile, channel, lanes);
    });
  center_sums(4 * a.tiles, a.channels, a.y, a.channel_stride, false);
}

// T: of the rows of the set's byte product.
template <class T>
constexpr WinogradIntegerKernels kWinogradIntegers = {winograd_transform_bytes<T>, winograd_transform_shorts, winograd_transform_sums};
}  // namespace
