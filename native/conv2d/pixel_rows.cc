// The ordinary form: a tile is mr pixels x nr output channels.
//
//   for each task (threads)          its band of input rows, padded
//     for each group
//       for each panel               nr filters, packed [k][nr] once
//         for each block of k
//           for each mr pixels       one tile
#include <algorithm>

#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"
#include "window_runs.h"

namespace {
// Panel q of group g holds the group's channels [q * nr, q * nr + nr), zeros where there are no more.
class PixelRows : public PackedConvolution {
 public:
  PixelRows(const Packing& p, const TileColumn& tiles)
      : kernels_(p.kernels),
        product_(p.product),
        shape_(p.shape),
        tiles_(tiles),
        panels_per_group_((shape_.group_co + tiles.nr - 1) / tiles.nr),
        panels_(shape_.groups * panels_per_group_ * shape_.k * tiles.nr),
        sums_(shape_.groups * panels_per_group_ * tiles.nr),
        epilogue_(p.epilogue, {shape_.groups, shape_.group_co}, panels_per_group_ * tiles.nr),
        runs_(shape_, band_row_stride(shape_)),
        k_(cut_k(runs_.count(), runs_.elems())),
        row_offsets_(k_.segment_count) {
    if (!ok()) return;
    p.pool.parallel_for(shape_.groups * panels_per_group_, [&](size_t panel) { pack(p.w, panel); });
    for (size_t i = 0; i < k_.segment_count; ++i) row_offsets_[i] = runs_.offset(k_.segments[i].run) + k_.segments[i].start;
  }
  bool ok() const { return panels_.ok() && sums_.ok() && epilogue_.ok() && k_.ok() && row_offsets_.ok(); }
  size_t bytes() const override { return panels_.bytes() + sums_.bytes() + epilogue_.bytes() + row_offsets_.bytes(); }

  Status run(const ConvolutionRun& r) const override {
    const ConvShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, s, grid, [&](const Task& task) { return run_task(s, grid, r, task); });
  }

 private:
  void pack(const float* w, size_t panel) {
    const ConvShape& s = shape_;
    const size_t nr = tiles_.nr, column = panel % panels_per_group_ * nr, channels = std::min(nr, s.group_co - column);
    const float* const filters = w + (panel / panels_per_group_ * s.group_co + column) * s.k;
    float *const out = &panels_[panel * s.k * nr], *const sums = &sums_[panel * nr];
    if (channels < nr) std::fill(out, out + s.k * nr, 0.0f);
    kernels_.layout.transpose(channels, s.k, filters, s.k, out, nr);
    std::fill(sums, sums + nr, 0.0f);
    if (product_.needs_sums) kernels_.layout.row_sums(channels, s.k, filters, s.k, sums);
  }

  bool run_task(const ConvShape& s, const TaskGrid& grid, const ConvolutionRun& r, const Task& task) const {
    const size_t most_pixels = grid.images_per_task * grid.rows_per_task * s.wo, mr = tiles_.tallest(), nr = tiles_.nr;
    ScratchLayout layout;
    const auto origin_slot = layout.add<const float*>(most_pixels + mr);
    const auto panel_slot = layout.add<const float*>(k_.segment_count);
    const auto band_slot = layout.add<float>(band_scratch(s, grid));
    const auto line_sum_slot = layout.add<float>(product_.needs_sums ? window_sum_scratch(s, grid) : 0);
    const auto sum_slot = layout.add<float>(product_.needs_sums ? most_pixels : 0);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const float **const origins = scratch[origin_slot], **const panels = scratch[panel_slot];
    float* const sums = scratch[sum_slot];

    const Band band = make_band(s, task, r.x, scratch[band_slot]);
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_windows(s, task, band, g, mr, origins);
      if (product_.needs_sums) window_sums(s, task, r.x, g, kernels_.layout, scratch[line_sum_slot], sums);
      for (size_t q = 0; q < panels_per_group_; ++q) {
        const size_t panel = g * panels_per_group_ + q;
        const size_t output = (task.image * s.ho + task.row) * s.wo * s.co + g * s.group_co + q * nr;
        for (size_t i = 0; i < k_.segment_count; ++i)
          panels[i] = &panels_[(panel * s.k + k_.segments[i].run * runs_.elems() + k_.segments[i].start) * nr];
        ProductTileArgs args = {};
        args.columns = std::min(nr, s.group_co - q * nr);
        args.operands = {origins, row_offsets_.data(), panels, nr, sums, &sums_[panel * nr]};
        args.epilogue = epilogue_.of_panel(panel * nr);
        args.epilogue.residual = r.residual ? r.residual + output : nullptr;
        args.y = r.y + output;
        args.y_stride = s.co;
        run_panel(tiles_, k_, args, pixels);
      }
    }
    return true;
  }

  const KernelTable& kernels_;
  const Product& product_;
  const ConvShape shape_;
  const TileColumn tiles_;
  const size_t panels_per_group_;
  AlignedBuffer<float> panels_, sums_;  // [groups][panels][k][nr], [groups][panels][nr]
  const PackedEpilogue epilogue_;       // [groups][panels][nr]
  const WindowRuns runs_;
  const KBlocks k_;
  AlignedBuffer<size_t> row_offsets_;  // [segments]
};
}  // namespace

std::unique_ptr<PackedConvolution> pack_pixel_rows(const Packing& p, const TileColumn& tiles) { return packed<PixelRows>(p, tiles); }
