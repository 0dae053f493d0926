// Winograd adder layers of integers. A task is a row of tiles of one image:
//
//   for each tile
//     V' of its 16 positions         [16][ci]
//     for each output channel        16 sums, and their transform to 2x2 outputs
//   requantize or dequantize         the one or two rows of sums
#include "winograd_integer.h"

#include <algorithm>
#include <cstdlib>
#include <type_traits>

#include "../runtime/make_if_ok.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "rescale_sums.h"
#include "winograd.h"

namespace {
// (B^T d B)[p] of 4x4 numbers.
void transform_input(const int (&d)[kWinogradPositions], int (&v)[kWinogradPositions]) {
  int rows[kWinogradPositions];
  const auto transform = [](const int* in, int* out, size_t step) {
    out[0] = in[0] - in[2 * step];
    out[step] = in[step] + in[2 * step];
    out[2 * step] = in[2 * step] - in[step];
    out[3 * step] = in[step] - in[3 * step];
  };
  for (size_t i = 0; i < 4; ++i) transform(d + i, rows + i, 4);
  for (size_t i = 0; i < 4; ++i) transform(rows + 4 * i, v + 4 * i, 1);
}

// A^T S A.
void transform_output(const int32_t (&s)[kWinogradPositions], int32_t (&y)[4]) {
  int32_t half[2][4];
  for (size_t j = 0; j < 4; ++j) {
    half[0][j] = s[4 + j] + s[8 + j] - s[j];
    half[1][j] = s[4 + j] - s[8 + j] + s[12 + j];
  }
  for (size_t a = 0; a < 2; ++a) {
    y[2 * a] = half[a][1] + half[a][2] - half[a][0];
    y[2 * a + 1] = half[a][1] - half[a][2] + half[a][3];
  }
}

template <class X>
class WinogradIntegerRows : public PackedIntegerConv2d<X> {
 public:
  WinogradIntegerRows(const KernelTable& kernels, const Conv2dShape& s, const X* u, X padding, const WinogradRounding& rounding,
                      const int32_t* constants)
      : kernels_(kernels.quantization.of<X>()),
        shape_(s),
        padding_(padding),
        rounding_(rounding),
        u_(winograd_filter_elems(s)),
        constants_(4 * s.co) {
    if (!ok()) return;
    std::copy_n(u, winograd_filter_elems(s), u_.data());
    if (constants) std::copy_n(constants, 4 * s.co, constants_.data());
    else std::fill_n(constants_.data(), 4 * s.co, 0);
  }
  bool ok() const { return u_.ok() && constants_.ok(); }
  size_t bytes() const override { return u_.bytes() + constants_.bytes(); }

  Status run(ThreadPool& pool, size_t n, const X* x, int32_t* y) const override {
    return run_rows(pool, n, x, [&](size_t rows, const int32_t* sums, size_t elem) { std::copy_n(sums, rows * shape_.co, y + elem); });
  }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const QuantizedRange<X>& range, X* y) const override {
    return run_rescaled(pool, n, x, RequantizeArgs<X>{0, shape_.co, nullptr, shape_.co, rescaling, range, y, shape_.co});
  }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const Activation& activation, float* y) const override {
    return run_rescaled(pool, n, x, DequantizeArgs<X>{0, shape_.co, nullptr, shape_.co, rescaling, activation, y, shape_.co});
  }

 private:
  template <class Args>
  Status run_rescaled(ThreadPool& pool, size_t n, const X* x, const Args& all) const {
    return run_rows(pool, n, x, [&](size_t rows, const int32_t* sums, size_t elem) {
      Args args = part(all, 0, elem);
      args.rows = rows;
      args.sums = sums;
      rescale(kernels_, args);
    });
  }

  // finish(pixels, sums [pixels][co], where in y they go)
  template <class Finish>
  Status run_rows(ThreadPool& pool, size_t n, const X* x, const Finish& finish) const {
    const Conv2dShape& s = shape_;
    const size_t tile_rows = divide_up(s.ho, kWinogradOutput);
    return run_tasks(pool, n * tile_rows, [&](size_t task) {
      const size_t image = task / tile_rows, row = kWinogradOutput * (task % tile_rows);
      ScratchLayout layout;
      const auto v_slot = layout.add<X>(kWinogradPositions * s.ci);
      const auto sum_slot = layout.add<int32_t>(kWinogradOutput * s.wo * s.co);
      const Scratch scratch(layout);
      if (!scratch) return false;
      X* const v = scratch[v_slot];
      int32_t* const sums = scratch[sum_slot];
      for (size_t column = 0; column < s.wo; column += kWinogradOutput) {
        for (size_t ci = 0; ci < s.ci; ++ci) transform_pixels(x + image * s.h * s.w * s.ci + ci, row, column, v + ci);
        for (size_t co = 0; co < s.co; ++co) {
          int32_t y[4];
          sums_of(v, co, y);
          for (size_t i = 0; i < 4; ++i)
            if (column + i % 2 < s.wo) sums[((i / 2) * s.wo + column + i % 2) * s.co + co] = y[i] + constants_[i * s.co + co];
        }
      }
      finish(std::min(kWinogradOutput, s.ho - row) * s.wo, sums, (image * s.ho + row) * s.wo * s.co);
      return true;
    });
  }

  // v[p * ci] = V'[p] of the tile whose first output is at (row, column), of one channel of an image.
  void transform_pixels(const X* image, size_t row, size_t column, X* v) const {
    const Conv2dShape& s = shape_;
    int d[kWinogradPositions], transformed[kWinogradPositions];
    for (size_t i = 0; i < kWinogradPositions; ++i) {
      const size_t r = row + i / 4 - s.pad_top, c = column + i % 4 - s.pad_left;  // below 0 they are large
      d[i] = r < s.h && c < s.w ? image[(r * s.w + c) * s.ci] : padding_;
    }
    transform_input(d, transformed);
    for (size_t p = 0; p < kWinogradPositions; ++p) {
      if constexpr (std::is_same_v<X, uint8_t>)
        v[p * s.ci] = static_cast<X>(std::clamp((transformed[p] + rounding_.offsets[p]) >> rounding_.shifts[p], 0, 255));
      else v[p * s.ci] = static_cast<X>(transformed[p]);
    }
  }

  void sums_of(const X* v, size_t co, int32_t (&y)[4]) const {
    int32_t sums[kWinogradPositions];
    for (size_t p = 0; p < kWinogradPositions; ++p) {
      const X *const a = v + p * shape_.ci, *const u = &u_[(p * shape_.co + co) * shape_.ci];
      int32_t sum = 0;
      for (size_t ci = 0; ci < shape_.ci; ++ci) sum += std::abs(a[ci] - u[ci]);
      sums[p] = -(sum << rounding_.shifts[p]);
    }
    transform_output(sums, y);
  }

  const QuantizeKernels<X>& kernels_;
  const Conv2dShape shape_;
  const X padding_;
  const WinogradRounding rounding_;   // of bytes; zeros of int16
  AlignedBuffer<X> u_;                // [16][co][ci]
  AlignedBuffer<int32_t> constants_;  // [4][co]
};
}  // namespace

std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool&, const Conv2dShape& s,
                                                                         const uint8_t* u, uint8_t padding,
                                                                         const WinogradRounding& rounding, const int32_t* constants) {
  return make_if_ok<WinogradIntegerRows<uint8_t>>(kernels, s, u, padding, rounding, constants);
}

std::unique_ptr<PackedIntegerConv2d<int16_t>> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool&, const Conv2dShape& s,
                                                                         const int16_t* u, int16_t padding, const int32_t* constants) {
  return make_if_ok<WinogradIntegerRows<int16_t>>(kernels, s, u, padding, WinogradRounding{}, constants);
}
