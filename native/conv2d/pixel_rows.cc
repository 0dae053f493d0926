// The ordinary form: a tile is mr pixels x nr output channels.
//
//   for each task (threads)          its strip of input rows, padded
//     for each group
//       for each panel               nr filters, packed [k][nr] once
//         for each block of k
//           for each mr pixels       one tile
#include <algorithm>

#include "../gemm/packed_panels.h"
#include "../gemm/run_panel.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"
#include "window_segments.h"

namespace {
class PixelRows : public PackedConv2d {
 public:
  PixelRows(const Packing& p, const TileSet<ProductTile>& tiles)
      : kernels_(p.kernels),
        product_(p.product),
        shape_(p.shape),
        tiles_(tiles),
        panels_(p.kernels.layout, p.product.needs_sums, p.pool, {shape_.groups, shape_.group_co, tiles.nr}, shape_.k, p.w),
        epilogue_(of_tiles(p.epilogue), {shape_.groups, shape_.group_co}, panels_.grid().per_group * tiles.nr),
        center_(p.epilogue, shape_.co),
        segments_(shape_, strip_row_stride(shape_)),
        k_(cut_k(segments_.count(), segments_.elems())),
        row_offsets_(k_.segment_count) {
    if (!ok()) return;
    for (size_t i = 0; i < k_.segment_count; ++i) row_offsets_[i] = segments_.offset(k_.segments[i].source) + k_.segments[i].start;
  }
  bool ok() const { return panels_.ok() && epilogue_.ok() && center_.ok() && k_.ok() && row_offsets_.ok(); }
  size_t bytes() const override { return panels_.bytes() + epilogue_.bytes() + center_.bytes() + row_offsets_.bytes(); }

  Status run(const Conv2dRun& r) const override {
    const Conv2dShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, grid.tasks, [&](size_t i) { return run_task(s, grid, r, grid.task(s, i)); });
  }

 private:
  bool run_task(const Conv2dShape& s, const TaskGrid& grid, const Conv2dRun& r, const Task& task) const {
    const size_t max_pixels = grid.images_per_task * grid.rows_per_task * s.wo, mr = tiles_.max_mr(), nr = tiles_.nr;
    ScratchLayout layout;
    const auto pointer_slot = layout.add<const float*>(max_pixels + mr);
    const auto panel_slot = layout.add<const float*>(k_.segment_count);
    const auto strip_slot = layout.add<float>(strip_scratch_elems(s, grid));
    const auto sum_scratch_slot = layout.add<float>(product_.needs_sums ? window_sum_scratch(s, grid) : 0);
    const auto sum_slot = layout.add<float>(product_.needs_sums ? max_pixels : 0);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const float **const row_pointers = scratch[pointer_slot], **const panels = scratch[panel_slot];
    float* const sums = scratch[sum_slot];

    const size_t first = (task.image * s.ho + task.row) * s.wo * s.co;
    const float* const residual = r.residual ? r.residual + first : nullptr;
    const InputStrip<float> strip = make_input_strip(s, task, r.x, scratch[strip_slot]);
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_windows(s, task, strip, g, mr, row_pointers);
      if (product_.needs_sums) window_sums(s, task, r.x, strip, g, kernels_.layout, scratch[sum_scratch_slot], sums);
      for (size_t q = 0; q < panels_.grid().per_group; ++q) {
        const size_t panel = g * panels_.grid().per_group + q;
        const size_t channel = g * s.group_co + q * nr;
        for (size_t i = 0; i < k_.segment_count; ++i)
          panels[i] = panels_.panel(panel) + (k_.segments[i].source * segments_.elems() + k_.segments[i].start) * nr;
        ProductTileArgs args = {};
        args.last = true;
        args.columns = panels_.grid().columns(panel);
        args.operands = {row_pointers, row_offsets_.data(), panels, nr, sums, panels_.sums(panel)};
        args.epilogue = epilogue_.of_panel(panel * nr);
        args.epilogue.residual = residual && !center_.centers() ? residual + channel : nullptr;
        args.y = r.y + first + channel;
        args.y_stride = s.co;
        run_panel(tiles_, k_, args, pixels);
      }
    }
    if (center_.centers()) center_.run(kernels_, task.images * task.rows * s.wo, residual, r.y + first);
    return true;
  }

  const KernelTable& kernels_;
  const Product& product_;
  const Conv2dShape shape_;
  const TileSet<ProductTile> tiles_;
  const ProductPanels panels_;
  const PackedEpilogue epilogue_;  // [groups][panels][nr]
  const CenterPass center_;
  const WindowSegments segments_;
  const KBlocks k_;
  AlignedBuffer<size_t> row_offsets_;  // [segments]
};
}  // namespace

std::unique_ptr<PackedConv2d> pack_pixel_rows(const Packing& p, const TileSet<ProductTile>& tiles) {
  return make_if_ok<PixelRows>(p, tiles);
}
