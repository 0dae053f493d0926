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
    c.kernels.layout.transpose(pixels, s.ci, x + (first - s.pw) * s.ci, s.sw * s.ci, out + planes.offset(s, 0, first), planes.width);
  }
}

// What all tasks share, and one task.
struct FilterRows {
  const Convolution& c;
  const TileColumn& tiles;
  const Planes planes;
  const KBlocks k;
  AlignedBuffer<size_t> row_offsets;    // [segments]
  AlignedBuffer<const float*> filters;  // [co + mr]
  AlignedBuffer<float> filter_sums;     // [co]
  const TaskGrid grid;
  const size_t plane_floats, sum_scratch_floats, sum_floats, out_floats;

  FilterRows(const Convolution& c, const TileColumn& tiles)
      : c(c),
        tiles(tiles),
        planes(c.shape, tiles.nr),
        k(cut_k(c.shape.kh * c.shape.kw, c.shape.group_ci)),
        row_offsets(k.segment_count),
        filters(c.shape.co + tiles.tallest()),
        filter_sums(c.shape.co),
        grid(cut_into_tasks(c.shape, c.pool.threads())),
        plane_floats(grid.images_per_task * band_rows(c.shape, grid.rows_per_task) * planes.row_floats),
        sum_scratch_floats(c.product.needs_sums ? window_sum_scratch(c.shape, grid) : 0),
        sum_floats(grid.images_per_task * grid.rows_per_task * c.shape.wo + tiles.nr),
        out_floats(c.shape.group_co * tiles.nr) {
    if (!ok()) return;
    const ConvShape& s = c.shape;
    for (size_t i = 0; i < k.segment_count; ++i) row_offsets[i] = k.segments[i].run * s.group_ci + k.segments[i].start;
    for (size_t i = 0; i < s.co + tiles.tallest(); ++i) filters[i] = c.w + std::min(i, s.co - 1) * s.k;
    if (c.product.needs_sums) c.kernels.layout.row_sums(s.co, s.k, c.w, s.k, filter_sums.data());
  }
  bool ok() const { return k.ok() && row_offsets.ok() && filters.ok() && filter_sums.ok(); }

  bool run(const Task& task) const {
    const ConvShape& s = c.shape;
    void* const scratch = thread_scratch(k.segment_count * sizeof(const float*) +
                                         (plane_floats + sum_scratch_floats + sum_floats + out_floats) * sizeof(float));
    if (!scratch) return false;
    const float** const panels = static_cast<const float**>(scratch);  // [segments]
    float* const memory = reinterpret_cast<float*>(panels + k.segment_count);
    float* const sum_scratch = memory + plane_floats;
    float* const sums = sum_scratch + sum_scratch_floats;  // [pixels + nr]
    float* const out = sums + sum_floats;                  // [group_co][nr]

    const size_t rows = band_rows(s, task.rows), lines = task.images * task.rows;
    for (size_t i = 0; i < task.images; ++i)
      for (size_t r = 0; r < rows; ++r)
        transpose_row(c, planes, image_row(s, task, c.x, i, r), memory + (i * rows + r) * planes.row_floats);

    for (size_t g = 0; g < s.groups; ++g) {
      std::fill(sums + lines * s.wo, sums + lines * s.wo + tiles.nr, 0.0f);
      if (c.product.needs_sums) window_sums(s, task, c.x, g, c.kernels.layout, sum_scratch, sums);
      for (size_t line = 0; line < lines; ++line)
        for (size_t column = 0; column < s.wo; column += tiles.nr) {
          const size_t first_row = line / task.rows * rows + line % task.rows * s.sh;
          for (size_t i = 0; i < k.segment_count; ++i) {
            const size_t tap = k.segments[i].run, channel = g * s.group_ci + k.segments[i].start;
            panels[i] =
                memory + (first_row + tap / s.kw * s.dh) * planes.row_floats + planes.offset(s, channel, tap % s.kw * s.dw) + column;
          }
          ProductTileArgs args = {};
          args.columns = tiles.nr;
          args.row_origins = &filters[g * s.group_co];
          args.row_offsets = row_offsets.data();
          args.row_sums = &filter_sums[g * s.group_co];
          args.row_bias = c.bias ? c.bias + g * s.group_co : nullptr;
          args.panels = panels;
          args.panel_stride = planes.width;
          args.panel_sums = sums + line * s.wo + column;
          args.y = out;
          args.y_stride = tiles.nr;
          run_panel(tiles, k, args, s.group_co);

          const size_t pixel = ((task.image + line / task.rows) * s.ho + task.row + line % task.rows) * s.wo + column;
          c.kernels.layout.transpose(s.group_co, std::min(tiles.nr, s.wo - column), out, tiles.nr, c.y + pixel * s.co + g * s.group_co,
                                     s.co);
        }
    }
    return true;
  }
};
}  // namespace

Status convolve_filter_rows(const Convolution& c, const TileColumn& tiles) {
  const FilterRows form(c, tiles);
  if (!form.ok()) return Status::kMemory;
  return run_tasks(c, form.grid, form);
}
