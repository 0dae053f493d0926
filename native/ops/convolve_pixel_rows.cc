// The ordinary form: a tile is mr pixels x nr output channels.
//
//   for each task (threads)          its band of input rows, padded
//     for each group
//       for each panel               nr filters, packed [k][nr] once per call
//         for each block of k
//           for each mr pixels       one tile
#include <algorithm>
#include <atomic>

#include "../runtime/scratch.h"
#include "convolve_forms.h"

namespace {
// The filters, packed: panel q of group g holds its channels [q * nr, q * nr + nr), [k][nr], zeros where there are no more.
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
    float* panel = &p.panels[i * s.k * nr];
    if (channels < nr) std::fill(panel, panel + s.k * nr, 0.0f);
    c.kernels.transpose(channels, s.k, c.w + first * s.k, s.k, panel, nr);
    std::fill(&p.sums[i * nr], &p.sums[i * nr] + nr, 0.0f);
    if (c.product.needs_sums) c.kernels.row_sums(channels, s.k, c.w + first * s.k, s.k, &p.sums[i * nr]);
    std::fill(&p.bias[i * nr], &p.bias[i * nr] + nr, 0.0f);
    if (c.bias) std::copy(c.bias + first, c.bias + first + channels, &p.bias[i * nr]);
  });
  return p;
}
}  // namespace

Status convolve_pixel_rows(const Convolution& c, const TileColumn& tiles) {
  const ConvShape& s = c.shape;
  const PackedFilters filters = pack_filters(c, tiles.nr);
  const WindowRuns runs(s);
  const KBlocks k = cut_k(runs.count(), runs.elems());
  AlignedBuffer<size_t> row_offsets(k.segment_count);
  if (!filters.ok() || !k.ok() || !row_offsets.ok()) return Status::kMemory;
  for (size_t i = 0; i < k.segment_count; ++i) row_offsets[i] = runs.offset(k.segments[i].run) + k.segments[i].start;

  const TaskGrid grid = cut_into_tasks(s, c.pool.threads());
  const size_t most_pixels = grid.images_per_task * grid.rows_per_task * s.wo;
  const size_t band_floats = band_scratch(s, grid);
  const size_t column_sum_floats = c.product.needs_sums ? window_sum_scratch(s, grid) : 0;
  const size_t mr = tiles.tallest();
  const size_t scratch_bytes =
      (band_floats + column_sum_floats + most_pixels + mr) * sizeof(float) + (most_pixels + mr + k.segment_count) * sizeof(const float*);

  std::atomic<bool> out_of_memory{false};
  c.pool.parallel_for(grid.tasks, [&](size_t index) {
    void* const scratch = thread_scratch(scratch_bytes);
    if (!scratch) {
      out_of_memory = true;
      return;
    }
    const float** const origins = static_cast<const float**>(scratch);  // [pixels + mr]
    const float** const panels = origins + most_pixels + mr;            // [segments]
    float* const band_memory = reinterpret_cast<float*>(panels + k.segment_count);
    float* const column_sums = band_memory + band_floats;
    float* const sums = column_sums + column_sum_floats;  // [pixels + mr]

    const Task task = grid.task(s, index);
    const Band band = make_band(s, task, c.x, band_memory);
    const size_t pixels = task.images * task.rows * s.wo;
    float* const y = c.y + (task.image * s.ho + task.row) * s.wo * s.co;

    for (size_t g = 0; g < s.groups; ++g) {
      const float** origin = origins;
      for (size_t i = 0; i < task.images; ++i)
        for (size_t row = 0; row < task.rows; ++row)
          for (size_t column = 0; column < s.wo; ++column) *origin++ = band.window(s, i, row, column) + g * s.group_ci;
      std::fill(origin, origin + mr, origin[-1]);
      if (c.product.needs_sums) {
        window_sums(s, task, c.x, g, c.kernels.row_sums, column_sums, sums);
        std::fill(sums + pixels, sums + pixels + mr, 0.0f);
      }

      for (size_t q = 0; q < filters.panels_per_group; ++q) {
        const size_t panel = g * filters.panels_per_group + q;
        for (size_t i = 0; i < k.segment_count; ++i)
          panels[i] = &filters.panels[(panel * s.k + k.segments[i].run * runs.elems() + k.segments[i].start) * filters.nr];
        for (size_t b = 0; b < k.block_count; ++b) {
          const KBlock& block = k.blocks[b];
          ProductTileArgs args = {};
          args.columns = std::min(filters.nr, s.group_co - q * filters.nr);
          args.runs = block.segments;
          args.run_elems = block.segment_elems;
          args.row_offsets = &row_offsets[block.first_segment];
          args.panels = panels + block.first_segment;
          args.panel_stride = filters.nr;
          args.panel_sums = &filters.sums[panel * filters.nr];
          args.panel_bias = c.bias ? &filters.bias[panel * filters.nr] : nullptr;
          args.first = b == 0;
          args.last = b + 1 == k.block_count;
          args.y_stride = s.co;
          for (size_t pixel = 0; pixel < pixels;) {
            const ProductTile& tile = tiles.fitting(pixels - pixel);
            args.rows = std::min(static_cast<size_t>(tile.mr), pixels - pixel);
            args.row_origins = origins + pixel;
            args.row_sums = sums + pixel;
            args.y = y + pixel * s.co + g * s.group_co + q * filters.nr;
            tile.run(args);
            pixel += args.rows;
          }
        }
      }
    }
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
