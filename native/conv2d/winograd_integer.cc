// Winograd adder layers of integers. As in winograd.cc, position by position, by the tiles of all integer convolutions:
//
//   for each task (threads)          its strip of input rows
//     for each block of tiles        as many as stay in the second-level cache
//       V'                           [16][tiles][ci]
//       for each position
//         for each panel             nr output channels of U, packed in k-groups once
//           for each block of k
//             rows are tiles         sums [16][tiles][co]
//       y = A^T S A + constants      of a row of tiles, centered, and requantize or dequantize its two rows of pixels
#include "winograd_integer.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "../gemm/k_blocks.h"
#include "../gemm/packed_panels.h"
#include "../gemm/tile_set.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "integer_panels.h"
#include "rescale_sums.h"
#include "strip_window_sums.h"
#include "winograd_tiles.h"

namespace {
// What whole vectors read and write beyond the last channel.
constexpr size_t kOverrunBytes = 64;

// T: what rows and panels hold.
template <class T, class X>
class WinogradIntegerRows : public PackedIntegerConv2d<X> {
 public:
  WinogradIntegerRows(const KernelTable& kernels, const IntegerProduct& product, ThreadPool& pool, const Conv2dShape& s, const X* u,
                      X padding, const WinogradRounding& rounding, const int32_t* constants)
      : kernels_(kernels),
        product_(product),
        shape_(s),
        windows_(winograd_windows(s)),
        padding_(padding),
        rounding_(rounding),
        tiles_(choose_tiles(product.tiles, s.n * windows_.ho * windows_.wo, s.co)),
        row_groups_(divide_up(s.ci * sizeof(T), product.group_bytes)),
        tail_((uint64_t{1} << s.ci * sizeof(T) % product.group_bytes * 8) - 1),
        k_(cut_k(1, row_groups_, product.max_groups)),
        panels_({kWinogradPositions, s.co, tiles_.nr}, row_groups_ * tiles_.nr * product.group_bytes),
        channels_(panels_.grid().per_group * tiles_.nr),
        compensation_(kWinogradPositions * channels_ + kOverrunBytes / sizeof(int32_t)),
        constants_(4 * channels_) {
    AlignedBuffer<T> filters(winograd_filter_elems(s));
    ok_ = k_.ok() && panels_.ok() && compensation_.ok() && constants_.ok() && filters.ok();
    if (!ok_) return;
    panels_.pack(pool, [&](size_t i, unsigned char* panel) { pack(u, i, filters.data(), panel); });
    std::fill_n(constants_.data(), 4 * channels_, 0);
    for (size_t i = 0; constants && i < 4; ++i) std::copy_n(constants + i * s.co, s.co, &constants_[i * channels_]);
  }
  bool ok() const { return ok_; }
  size_t bytes() const override { return panels_.bytes() + compensation_.bytes() + constants_.bytes(); }

  Status run(ThreadPool& pool, size_t n, const X* x, int32_t* y) const override { return run_all(pool, n, x, y); }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const QuantizedRange<X>& range, X* y) const override {
    return run_all(pool, n, x, RequantizeArgs<X>{0, shape_.co, nullptr, channels_, rescaling, range, y, shape_.co});
  }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const Activation& activation, float* y) const override {
    return run_all(pool, n, x, DequantizeArgs<X>{0, shape_.co, nullptr, channels_, rescaling, activation, y, shape_.co});
  }

 private:
  void pack(const X* u, size_t i, T* filters, unsigned char* panel) {
    const size_t ci = shape_.ci, channels = panels_.grid().columns(i), first = panels_.grid().first_column(i) * ci;
    std::copy_n(u + first, channels * ci, filters + first);
    std::memset(panel, 0, row_groups_ * tiles_.nr * product_.group_bytes);
    pack_panel(product_.group_bytes, filters + first, channels, ci, ci, tiles_.nr, panel);
    for (size_t j = 0; j < tiles_.nr; ++j) {
      int64_t sum = 0;
      for (size_t e = 0; j < channels && e < ci; ++e) sum += u[first + j * ci + e];
      compensation_[i * tiles_.nr + j] = static_cast<int32_t>(sum * product_.compensation_factor);
    }
  }

  // The target of the sums is y itself, an int32_t*, or the RequantizeArgs or DequantizeArgs of all of y, which rescale them.
  template <class Target>
  Status run_all(ThreadPool& pool, size_t n, const X* x, const Target& target) const {
    const Conv2dShape windows = with_images(windows_, n);
    const TaskGrid grid = cut_into_tasks(windows, pool.threads(), sizeof(X));
    return run_tasks(pool, grid.tasks, [&](size_t i) { return run_task(windows, grid, grid.task(windows, i), x, target); });
  }

  template <class Target>
  bool run_task(const Conv2dShape& windows, const TaskGrid& grid, const Task& task, const X* x, const Target& target) const {
    const size_t ci = shape_.ci, tiles = task.images * task.rows * windows.wo, overrun = kOverrunBytes / sizeof(X);
    const size_t max_block = winograd_block(ci * sizeof(T) + channels_ * sizeof(int32_t), tiles_.max_mr());
    const size_t block = std::min(max_block, grid.images_per_task * grid.rows_per_task * windows.wo);
    const size_t v_stride = position_stride(block * sizeof(T), ci) / sizeof(T) + kOverrunBytes,
                 sum_stride = position_stride(block * sizeof(int32_t), channels_) / sizeof(int32_t);
    const size_t mr = tiles_.max_mr(), row_sum_stride = product_.needs_row_sums ? block + mr : 0;
    ScratchLayout layout;
    const auto strip_slot = layout.add<X>(copied_strip_elems(windows, grid) + overrun);
    const auto v_slot = layout.add<T>(kWinogradPositions * v_stride + overrun);
    const auto sum_slot = layout.add<int32_t>(kWinogradPositions * sum_stride);
    const auto row_sum_slot = layout.add<int32_t>(kWinogradPositions * row_sum_stride);
    const auto pixel_slot = layout.add<int32_t>(4 * windows.wo * channels_);
    const auto pointer_slot = layout.add<const void*>(block + mr);
    const Scratch scratch(layout);
    if (!scratch) return false;
    T* const v = scratch[v_slot];
    int32_t *const sums = scratch[sum_slot], *const row_sums = scratch[row_sum_slot], *const pixels = scratch[pixel_slot];
    const void** const row_pointers = scratch[pointer_slot];

    const InputStrip<X> strip = copy_input_strip(windows, task, x, padding_, scratch[strip_slot], std::copy<const X*, X*>);
    for (size_t first = 0; first < tiles; first += block) {
      const size_t count = std::min(block, tiles - first);
      for_runs(windows, task, first, count, [&](const TileRun& run) { transform_run(strip, run, v, v_stride); });
      for (size_t p = 0; p < kWinogradPositions; ++p) {
        T* const v_p = v + p * v_stride;
        for (size_t i = 0; i < count + mr; ++i) row_pointers[i] = v_p + std::min(i, count - 1) * ci;
        int32_t* const row_sums_p = row_sums + p * row_sum_stride;
        if (product_.needs_row_sums) {
          ::row_sums(kernels_.integer.sums, count, ci, v_p, ci, row_sums_p);
          std::fill_n(row_sums_p + count, mr, 0);
        }
        for (size_t q = 0; q < panels_.grid().per_group; ++q)
          run_tiles(p * panels_.grid().per_group + q, row_pointers, row_sums_p, count, sums + p * sum_stride + q * tiles_.nr);
      }
      for_runs(windows, task, first, count,
               [&](const TileRun& run) { finish_run(task, run, sums + run.place * channels_, sum_stride, pixels, target); });
    }
    return true;
  }

  void transform_run(const InputStrip<X>& strip, const TileRun& run, T* v, size_t v_stride) const {
    const size_t ci = shape_.ci;
    const X* const d = strip.data + run.image * strip.image_stride + kWinogradOutput * (run.row * strip.row_stride + run.column * ci);
    T* const out = v + run.place * ci;
    if constexpr (std::is_same_v<X, uint8_t>)
      kernels_.winograd_integers.transform_bytes(run.count, ci, d, strip.row_stride, ci, rounding_, out, v_stride);
    else kernels_.winograd_integers.transform_shorts(run.count, ci, d, strip.row_stride, ci, out, v_stride);
  }

  // Multiplies a panel with `rows` tiles: every block of k, every tile of sums.
  void run_tiles(size_t panel, const void* const* row_pointers, const int32_t* row_sums, size_t rows, int32_t* y) const {
    for (size_t b = 0; b < k_.block_count; ++b) {
      const size_t start = k_.segments[k_.blocks[b].first_segment].start, offset = start * product_.group_bytes;
      IntegerTileArgs args = {};
      args.columns = tiles_.nr;
      args.segments = 1;
      args.tail = start + k_.blocks[b].segment_elems == row_groups_ ? tail_ : 0;
      args.groups = k_.blocks[b].segment_elems - (args.tail ? 1 : 0);
      args.row_offsets = &offset;
      args.panel = panels_[panel] + start * tiles_.nr * product_.group_bytes;
      args.compensation = &compensation_[panel * tiles_.nr];
      args.first = b == 0;
      args.y_stride = channels_;
      for (size_t row = 0; row < rows;) {
        const IntegerTile& tile = tiles_.pick_tile(rows - row);
        const size_t mr = static_cast<size_t>(tile.mr);
        args.rows = std::min(mr, rows - row);
        args.row_pointers = row_pointers + row;
        args.row_sums = row_sums + row;
        args.y = y + row * args.y_stride;
        args.row_groups = {(rows - row) / args.rows, mr * shape_.ci * sizeof(T), mr, 0, mr * args.y_stride};
        tile.run(args);
        row += args.row_groups.count * args.rows;
      }
    }
  }

  template <class Target>
  void finish_run(const Task& task, const TileRun& run, const int32_t* sums, size_t sum_stride, int32_t* pixels,
                  const Target& target) const {
    const Conv2dShape& s = shape_;
    kernels_.winograd_integers.transform_sums({run.count, shape_.co, channels_, sums, sum_stride,
                                               std::is_same_v<X, uint8_t> ? rounding_.shifts : nullptr, constants_.data(), pixels});
    const size_t row = kWinogradOutput * (task.row + run.row), column = kWinogradOutput * run.column;
    for (size_t a = 0; a < std::min(kWinogradOutput, s.ho - row); ++a) {
      const size_t at = (((task.image + run.image) * s.ho + row + a) * s.wo + column) * s.co;
      finish_pixels(std::min(kWinogradOutput * run.count, s.wo - column), pixels + a * kWinogradOutput * run.count * channels_, at, target);
    }
  }
  void finish_pixels(size_t count, const int32_t* sums, size_t at, int32_t* y) const {
    for (size_t i = 0; i < count; ++i) std::copy_n(sums + i * channels_, shape_.co, y + at + i * shape_.co);
  }
  template <class Args>
  void finish_pixels(size_t count, const int32_t* sums, size_t at, const Args& all) const {
    Args args = part(all, 0, at);
    args.rows = count;
    args.sums = sums;
    rescale(kernels_.quantization.of<X>(), args);
  }

  const KernelTable& kernels_;
  const IntegerProduct& product_;
  const Conv2dShape shape_, windows_;
  const X padding_;
  const WinogradRounding rounding_;  // of bytes
  const TileSet<IntegerTile> tiles_;
  const size_t row_groups_;  // k-groups of a row
  const uint64_t tail_;      // see IntegerTileArgs
  const KBlocks k_;
  PackedPanels<unsigned char> panels_;   // [16][panels][k-groups][nr][group_bytes]
  const size_t channels_;                // of all panels
  AlignedBuffer<int32_t> compensation_;  // [16][panels][nr]
  AlignedBuffer<int32_t> constants_;     // [4][sum_channels]
  bool ok_;
};
}  // namespace

std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                         const uint8_t* u, uint8_t padding,
                                                                         const WinogradRounding& rounding, const int32_t* constants) {
  const IntegerProduct& product = kernels.integer.l1_8;
  if (product.operands == IntegerOperands::kWidened)
    return make_if_ok<WinogradIntegerRows<int16_t, uint8_t>>(kernels, product, pool, s, u, padding, rounding, constants);
  return make_if_ok<WinogradIntegerRows<uint8_t, uint8_t>>(kernels, product, pool, s, u, padding, rounding, constants);
}

std::unique_ptr<PackedIntegerConv2d<int16_t>> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                         const int16_t* u, int16_t padding, const int32_t* constants) {
  return make_if_ok<WinogradIntegerRows<int16_t, int16_t>>(kernels, kernels.integer.l1_16, pool, s, u, padding, WinogradRounding{},
                                                           constants);
}
