// Winograd adder layers forward. The sums of a position are a 1x1 adder convolution from transformed tiles to transformed outputs, by the
// tile of every float convolution:
//
//   for each task (threads)          its strip of input rows, padded
//     for each block of tiles        as many as stay in the second-level cache
//       V = B^T d B                  [16][tiles][ci]
//       for each position            V of it stays in the first-level cache
//         for each panel             nr output channels of U, packed [ci][nr] once
//           rows are tiles           sums [16][tiles][co]
//       y = A^T S A, centered        and the epilogue
#include "winograd.h"

#include <algorithm>

#include "../gemm/packed_panels.h"
#include "../gemm/run_panel.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "winograd_tiles.h"

namespace {
class WinogradRows : public PackedConv2d {
 public:
  WinogradRows(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* u, const Epilogue& epilogue)
      : kernels_(kernels),
        product_(kernels.l1),
        shape_(s),
        windows_(winograd_windows(s)),
        tiles_(choose_tiles(product_.tiles, s.n * windows_.ho * windows_.wo, s.co)),
        panels_(kernels.layout, product_.needs_sums, pool, {kWinogradPositions, s.co, tiles_.nr}, s.ci, u),
        epilogue_({nullptr, epilogue.scale, epilogue.shift, epilogue.activation}, {1, s.co}, panels_.grid().per_group * tiles_.nr),
        channel_terms_(4 * panels_.grid().per_group * tiles_.nr),
        k_(cut_k(1, s.ci)),
        block_(winograd_block((s.ci + channel_stride()) * sizeof(float), tiles_.max_mr())) {
    ok_ = panels_.ok() && epilogue_.ok() && channel_terms_.ok() && k_.ok();
    if (!ok_) return;
    const size_t channels = channel_stride();
    std::fill_n(channel_terms_.data(), 4 * channels, 0.0f);
    for (size_t i = 0; epilogue.bias && i < 4; ++i) std::copy_n(epilogue.bias, s.co, &channel_terms_[i * channels]);
    if (!product_.needs_sums) return;
    // The sums of U are those of a tile that ends in the terms: added to the bias, in place.
    AlignedBuffer<float> transformed(4 * channels);
    ok_ = transformed.ok();
    if (!ok_) return;
    WinogradOutputArgs args = {};
    args.tiles = 1;
    args.channels = s.co;
    args.rows = args.pixels = kWinogradOutput;
    args.sums = panels_.sums(0);
    args.position_stride = channels;
    args.transformed = transformed.data();
    args.factor = 1;
    args.channel_terms = args.y = channel_terms_.data();
    args.channel_terms_stride = args.y_stride = channels;
    args.y_row_stride = kWinogradOutput * channels;
    kernels.winograd.transform_output(args);
  }
  bool ok() const { return ok_; }
  size_t bytes() const override { return panels_.bytes() + epilogue_.bytes() + channel_terms_.bytes(); }

  Status run(const Conv2dRun& r) const override {
    const Conv2dShape windows = with_images(windows_, r.n);
    const TaskGrid grid = cut_into_tasks(windows, r.pool.threads());
    return run_tasks(r.pool, grid.tasks, [&](size_t i) { return run_task(windows, grid, r, grid.task(windows, i)); });
  }

 private:
  size_t channel_stride() const { return panels_.grid().per_group * tiles_.nr; }

  bool run_task(const Conv2dShape& windows, const TaskGrid& grid, const Conv2dRun& r, const Task& task) const {
    const size_t ci = shape_.ci, tiles = task.images * task.rows * windows.wo;
    const size_t block = std::min(block_, grid.images_per_task * grid.rows_per_task * windows.wo), mr = tiles_.max_mr();
    const size_t nr = tiles_.nr, channels = channel_stride();
    const size_t v_stride = position_stride(block, ci), sum_stride = position_stride(block, channels);
    ScratchLayout layout;
    const auto strip_slot = layout.add<float>(strip_scratch_elems(windows, grid));
    const auto v_slot = layout.add<float>(kWinogradPositions * v_stride);
    const auto sum_slot = layout.add<float>(kWinogradPositions * sum_stride);
    const auto transformed_slot = layout.add<float>(4 * channels);
    const auto pointer_slot = layout.add<const float*>(block + mr);
    const auto panel_slot = layout.add<const float*>(k_.segment_count);
    const auto offset_slot = layout.add<size_t>(k_.segment_count);
    const Scratch scratch(layout);
    if (!scratch) return false;
    float *const v = scratch[v_slot], *const sums = scratch[sum_slot], *const transformed = scratch[transformed_slot];
    const float **const row_pointers = scratch[pointer_slot], **const panels = scratch[panel_slot];
    size_t* const row_offsets = scratch[offset_slot];

    const InputStrip<float> strip = make_input_strip(windows, task, r.x, scratch[strip_slot]);
    for (size_t first = 0; first < tiles; first += block) {
      const size_t count = std::min(block, tiles - first);
      transform_block(kernels_, windows, task, strip, first, count, block, v);
      for (size_t i = 0; i < count + mr; ++i) row_pointers[i] = v + std::min(i, count - 1) * ci;
      for (size_t p = 0; p < kWinogradPositions; ++p) {
        for (size_t i = 0; i < k_.segment_count; ++i) row_offsets[i] = p * v_stride + k_.segments[i].start;
        for (size_t q = 0; q < panels_.grid().per_group; ++q) {
          for (size_t i = 0; i < k_.segment_count; ++i)
            panels[i] = panels_.panel(p * panels_.grid().per_group + q) + k_.segments[i].start * nr;
          ProductTileArgs args = {};
          args.columns = nr;
          args.operands = {row_pointers, row_offsets, panels, nr, nullptr, nullptr};
          args.y = sums + p * sum_stride + q * nr;
          args.y_stride = channels;
          run_panel(tiles_, k_, args, count, ci);
        }
      }
      for_runs(windows, task, first, count, [&](const TileRun& run) { finish_run(task, run, r, sums, sum_stride, transformed); });
    }
    return true;
  }

  void finish_run(const Task& task, const TileRun& run, const Conv2dRun& r, const float* sums, size_t sum_stride,
                  float* transformed) const {
    const Conv2dShape& s = shape_;
    const size_t row = kWinogradOutput * (task.row + run.row), column = kWinogradOutput * run.column;
    const size_t at = (((task.image + run.image) * s.ho + row) * s.wo + column) * s.co;
    WinogradOutputArgs args = {};
    args.tiles = run.count;
    args.channels = s.co;
    args.rows = std::min(kWinogradOutput, s.ho - row);
    args.pixels = std::min(kWinogradOutput * run.count, s.wo - column);
    args.sums = sums + run.place * channel_stride();
    args.position_stride = sum_stride;
    args.tile_stride = channel_stride();
    args.factor = product_.needs_sums ? -2.0f : -1.0f;
    args.transformed = transformed;
    args.channel_terms = channel_terms_.data();
    args.channel_terms_stride = channel_stride();
    args.epilogue = epilogue_.of_panel(0);
    args.epilogue.residual = r.residual ? r.residual + at : nullptr;
    args.y = r.y + at;
    args.y_row_stride = s.wo * s.co;
    args.y_stride = s.co;
    kernels_.winograd.transform_output(args);
  }

  const KernelTable& kernels_;
  const Product& product_;
  const Conv2dShape shape_, windows_;
  const TileSet<ProductTile> tiles_;
  const ProductPanels panels_;          // [16][panels][ci][nr]
  const PackedEpilogue epilogue_;       // [panels][nr], without the bias
  AlignedBuffer<float> channel_terms_;  // [4][panels][nr]: the bias, and the sums of U through the transform
  const KBlocks k_;
  const size_t block_;  // tiles
  bool ok_;
};
}  // namespace

bool fits_winograd(const Conv2dShape& s) {
  return s.kh == 3 && s.kw == 3 && s.sh == 1 && s.sw == 1 && s.dh == 1 && s.dw == 1 && s.groups == 1;
}

size_t winograd_filter_elems(const Conv2dShape& s) { return kWinogradPositions * s.co * s.ci; }

std::unique_ptr<PackedConv2d> pack_winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* u,
                                                         const Epilogue& epilogue) {
  return make_if_ok<WinogradRows>(kernels, pool, s, u, epilogue);
}

Status winograd_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* u,
                             const float* bias, float* y) {
  const auto packed = pack_winograd_adder_conv2d(kernels, pool, s, u, {bias, nullptr, nullptr, {}});
  return packed ? packed->run({pool, s.n, x, nullptr, y}) : Status::kMemory;
}
