// The ordinary form: a tile is mr pixels x nr output channels.
//
//   for each task (threads)          its band of input rows, padded
//     for each group
//       for each panel               nr filters, packed [k][nr] once per call
//         for each block of k
//           for each mr pixels       one tile
#include <algorithm>

#include "../runtime/scratch.h"
#include "convolve_forms.h"

namespace {
// Panel q of group g holds the group's channels [q * nr, q * nr + nr), zeros where there are no more.
struct PackedFilters {
  size_t nr, panels_per_group;
  AlignedBuffer<float> panels, sums, bias;  // [groups][panels][k][nr], [groups][panels][nr] twice
  bool ok() const { return panels.ok() && sums.ok() && bias.ok(); }
};

PackedFilters pack_filters(const Convolution& c, size_t nr) {
  const ConvShape& s = c.shape;
  PackedFilters p = {nr, (s.group_co + nr - 1) / nr, {}, {}, {}};
  const size_t count = s.groups * p.panels_per_group;
  p.panels = AlignedBuffer<float>(count * s.k * nr);
  p.sums = AlignedBuffer<float>(count * nr);
  p.bias = AlignedBuffer<float>(count * nr);
  if (!p.ok()) return p;
  c.pool.parallel_for(count, [&](size_t i) {
    const size_t column = i % p.panels_per_group * nr, channels = std::min(nr, s.group_co - column);
    const size_t first = i / p.panels_per_group * s.group_co + column;
    float* const panel = &p.panels[i * s.k * nr];
    float* const sums = &p.sums[i * nr];
    float* const bias = &p.bias[i * nr];
    if (channels < nr) std::fill(panel, panel + s.k * nr, 0.0f);
    c.kernels.layout.transpose(channels, s.k, c.w + first * s.k, s.k, panel, nr);
    std::fill(sums, sums + nr, 0.0f);
    if (c.product.needs_sums) c.kernels.layout.row_sums(channels, s.k, c.w + first * s.k, s.k, sums);
    std::fill(bias, bias + nr, 0.0f);
    if (c.bias) std::copy(c.bias + first, c.bias + first + channels, bias);
  });
  return p;
}

// What all tasks share, and one task.
struct PixelRows {
  const Convolution& c;
  const TileColumn& tiles;
  const PackedFilters filters;
  const WindowRuns runs;
  const KBlocks k;
  AlignedBuffer<size_t> row_offsets;  // [segments]
  const TaskGrid grid;
  const size_t most_pixels, band_floats, column_sum_floats;

  PixelRows(const Convolution& c, const TileColumn& tiles)
      : c(c),
        tiles(tiles),
        filters(pack_filters(c, tiles.nr)),
        runs(c.shape, band_row_stride(c.shape)),
        k(cut_k(runs.count(), runs.elems())),
        row_offsets(k.segment_count),
        grid(cut_into_tasks(c.shape, c.pool.threads())),
        most_pixels(grid.images_per_task * grid.rows_per_task * c.shape.wo),
        band_floats(band_scratch(c.shape, grid)),
        column_sum_floats(c.product.needs_sums ? window_sum_scratch(c.shape, grid) : 0) {
    if (!ok()) return;
    for (size_t i = 0; i < k.segment_count; ++i) row_offsets[i] = runs.offset(k.segments[i].run) + k.segments[i].start;
  }
  bool ok() const { return filters.ok() && k.ok() && row_offsets.ok(); }

  bool run(const Task& task) const {
    const ConvShape& s = c.shape;
    const size_t mr = tiles.tallest(), pointers = most_pixels + mr + k.segment_count;
    void* const scratch = thread_scratch(pointers * sizeof(const float*) + (band_floats + column_sum_floats + most_pixels) * sizeof(float));
    if (!scratch) return false;
    const float** const origins = static_cast<const float**>(scratch);  // [pixels + mr]
    const float** const panels = origins + most_pixels + mr;            // [segments]
    float* const band_memory = reinterpret_cast<float*>(origins + pointers);
    float* const column_sums = band_memory + band_floats;
    float* const sums = column_sums + column_sum_floats;  // [pixels]

    const Band band = make_band(s, task, c.x, band_memory);
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_windows(s, task, band, g, mr, origins);
      if (c.product.needs_sums) window_sums(s, task, c.x, g, c.kernels.layout.row_sums, column_sums, sums);
      for (size_t q = 0; q < filters.panels_per_group; ++q) {
        const size_t panel = g * filters.panels_per_group + q, nr = filters.nr;
        for (size_t i = 0; i < k.segment_count; ++i)
          panels[i] = &filters.panels[(panel * s.k + k.segments[i].run * runs.elems() + k.segments[i].start) * nr];
        ProductTileArgs args = {};
        args.columns = std::min(nr, s.group_co - q * nr);
        args.row_origins = origins;
        args.row_offsets = row_offsets.data();
        args.row_sums = sums;
        args.panels = panels;
        args.panel_stride = nr;
        args.panel_sums = &filters.sums[panel * nr];
        args.panel_bias = c.bias ? &filters.bias[panel * nr] : nullptr;
        args.y = c.y + (task.image * s.ho + task.row) * s.wo * s.co + g * s.group_co + q * nr;
        args.y_stride = s.co;
        run_panel(tiles, k, args, pixels);
      }
    }
    return true;
  }
};
}  // namespace

Status convolve_pixel_rows(const Convolution& c, const TileColumn& tiles) {
  const PixelRows form(c, tiles);
  if (!form.ok()) return Status::kMemory;
  return run_tasks(c, form.grid, form);
}
