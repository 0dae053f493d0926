// The swapped form, for few output channels: |x - w| and x * w are symmetric, so a tile may be mr filters x nr pixels of one output row,
// and a vector is full of pixels where it could not be filled with channels.
//
// Filters are read where they lie. Each input row is transposed once into planes of pixels, one per channel, the columns of a stride
// apart together, so that the pixels of a tap are neighbours:
//
//   planes [image][row][phase][ci][width]    column c of the padded row is at phase c mod s, place c / s
//
// The tiles' outputs [co][pixels] are transposed on the way out.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "../runtime/scratch.h"
#include "convolve_forms.h"

namespace {
size_t round_up(size_t a, size_t multiple) { return (a + multiple - 1) / multiple * multiple; }

struct Planes {
  size_t phases, width, row_floats;  // width in floats of one channel's plane

  Planes(const ConvShape& s, size_t nr) {
    phases = std::min(s.sw, band_columns(s));
    // The last tile reads a whole panel from the last tap's first place.
    width = round_up(s.wo, nr) + (s.kw - 1) * s.dw / s.sw;
    row_floats = phases * s.ci * width;
  }
  size_t offset(const ConvShape& s, size_t channel, size_t column) const {
    return (column % s.sw * s.ci + channel) * width + column / s.sw;
  }
};

// Fills the planes of one padded input row; x is the row's first pixel, null where the row is padding.
void transpose_row(const Convolution& c, const Planes& planes, const float* x, float* out) {
  const ConvShape& s = c.shape;
  std::memset(out, 0, planes.row_floats * sizeof(float));
  if (!x) return;
  const size_t end = ImageColumns(s).right;
  for (size_t phase = 0; phase < planes.phases; ++phase) {
    // The first column of this phase inside the image, and how many there are.
    const size_t first = phase >= s.pw ? phase : phase + round_up(s.pw - phase, s.sw);
    if (first >= end) continue;
    const size_t pixels = (end - first + s.sw - 1) / s.sw;
    c.kernels.transpose(pixels, s.ci, x + (first - s.pw) * s.ci, s.sw * s.ci, out + planes.offset(s, 0, first), planes.width);
  }
}
}  // namespace

Status convolve_filter_rows(const Convolution& c, const TileColumn& tiles) {
  const ConvShape& s = c.shape;
  const Planes planes(s, tiles.nr);
  const size_t taps = s.kh * s.kw, mr = tiles.tallest(), nr = tiles.nr;
  const KBlocks k = cut_k(taps, s.group_ci);
  AlignedBuffer<size_t> row_offsets(k.segment_count);
  AlignedBuffer<const float*> filters(s.groups * (s.group_co + mr));
  AlignedBuffer<float> filter_sums(s.co + mr), bias(s.co + mr);
  if (!k.ok() || !row_offsets.ok() || !filters.ok() || !filter_sums.ok() || !bias.ok()) return Status::kMemory;

  for (size_t i = 0; i < k.segment_count; ++i) row_offsets[i] = k.segments[i].run * s.group_ci + k.segments[i].start;
  for (size_t g = 0; g < s.groups; ++g)
    for (size_t i = 0; i < s.group_co + mr; ++i)
      filters[g * (s.group_co + mr) + i] = c.w + (g * s.group_co + std::min(i, s.group_co - 1)) * s.k;
  std::fill(&filter_sums[0], &filter_sums[0] + s.co + mr, 0.0f);
  if (c.product.needs_sums) c.kernels.row_sums(s.co, s.k, c.w, s.k, &filter_sums[0]);
  std::fill(&bias[0], &bias[0] + s.co + mr, 0.0f);
  if (c.bias) std::copy(c.bias, c.bias + s.co, &bias[0]);

  const TaskGrid grid = cut_into_tasks(s, c.pool.threads());
  const size_t most_rows = band_rows(s, grid.rows_per_task);
  const size_t plane_floats = grid.images_per_task * most_rows * planes.row_floats;
  const size_t column_sum_floats = c.product.needs_sums ? window_sum_scratch(s, grid) : 0;
  const size_t sum_floats = grid.images_per_task * grid.rows_per_task * s.wo + nr;
  const size_t out_floats = round_up(s.group_co, mr) * nr;
  const size_t scratch_bytes =
      (plane_floats + column_sum_floats + sum_floats + out_floats) * sizeof(float) + k.segment_count * sizeof(const float*);

  std::atomic<bool> out_of_memory{false};
  c.pool.parallel_for(grid.tasks, [&](size_t index) {
    void* const scratch = thread_scratch(scratch_bytes);
    if (!scratch) {
      out_of_memory = true;
      return;
    }
    float* const plane = static_cast<float*>(scratch);
    float* const out = plane + plane_floats;  // [co][nr]
    const float** const panels = reinterpret_cast<const float**>(out + out_floats);
    float* const column_sums = reinterpret_cast<float*>(panels + k.segment_count);
    float* const sums = column_sums + column_sum_floats;

    const Task task = grid.task(s, index);
    const size_t rows = band_rows(s, task.rows);
    for (size_t i = 0; i < task.images; ++i)
      for (size_t r = 0; r < rows; ++r) transpose_row(c, planes, image_row(s, task, c.x, i, r), plane + (i * rows + r) * planes.row_floats);

    for (size_t g = 0; g < s.groups; ++g) {
      if (c.product.needs_sums) {
        window_sums(s, task, c.x, g, c.kernels.row_sums, column_sums, sums);
        std::fill(sums + task.images * task.rows * s.wo, sums + task.images * task.rows * s.wo + nr, 0.0f);
      }
      for (size_t line = 0; line < task.images * task.rows; ++line) {
        const size_t image = line / task.rows, row = line % task.rows;
        for (size_t column = 0; column < s.wo; column += nr) {
          for (size_t i = 0; i < k.segment_count; ++i) {
            const size_t tap = k.segments[i].run, channel = g * s.group_ci + k.segments[i].start;
            const size_t input_row = image * rows + row * s.sh + tap / s.kw * s.dh;
            panels[i] = plane + input_row * planes.row_floats + planes.offset(s, channel, tap % s.kw * s.dw) + column;
          }
          const size_t pixels = std::min(nr, s.wo - column);
          for (size_t b = 0; b < k.block_count; ++b) {
            const KBlock& block = k.blocks[b];
            ProductTileArgs args = {};
            args.columns = nr;
            args.runs = block.segments;
            args.run_elems = block.segment_elems;
            args.row_offsets = &row_offsets[block.first_segment];
            args.panels = panels + block.first_segment;
            args.panel_stride = planes.width;
            args.panel_sums = sums + line * s.wo + column;
            args.first = b == 0;
            args.last = b + 1 == k.block_count;
            args.y_stride = nr;
            for (size_t i = 0; i < s.group_co;) {
              const ProductTile& tile = tiles.fitting(s.group_co - i);
              args.rows = std::min(static_cast<size_t>(tile.mr), s.group_co - i);
              args.row_origins = &filters[g * (s.group_co + mr) + i];
              args.row_sums = &filter_sums[g * s.group_co + i];
              args.row_bias = c.bias ? &bias[g * s.group_co + i] : nullptr;
              args.y = out + i * nr;
              tile.run(args);
              i += args.rows;
            }
          }
          float* y = c.y + (((task.image + image) * s.ho + task.row + row) * s.wo + column) * s.co + g * s.group_co;
          c.kernels.transpose(s.group_co, pixels, out, nr, y, s.co);
        }
      }
    }
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
