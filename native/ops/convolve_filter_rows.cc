// The swapped form, for few output channels: |x - w| and x * w are symmetric, so a tile may be mr filters x nr pixels of one output row,
// and a vector is full of pixels where it could not be filled with channels.
//
// Filters are read where they lie. Each input row is transposed once into planes of pixels, one per channel, the columns of a stride
// apart together, so that the pixels of a tap are neighbours:
//
//   planes [phase][ci][width]    column c of the padded row is at phase c mod s, place c / s
//
// Only the rows that one output row sees are kept, in a ring: they stay in the first-level cache. The tiles' outputs [co][pixels] are
// transposed on the way out.
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

// Starts to fetch memory that the next output row will read or write, while this one is computed.
void prefetch_to_read(const float* p, size_t floats) {
  for (size_t i = 0; i < floats; i += 16) __builtin_prefetch(p + i, 0);
}
void prefetch_to_write(const float* p, size_t floats) {
  for (size_t i = 0; i < floats; i += 16) __builtin_prefetch(p + i, 1);
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
  const size_t ring_rows, columns;

  FilterRows(const Convolution& c, const TileColumn& tiles)
      : c(c),
        tiles(tiles),
        planes(c.shape, tiles.nr),
        k(cut_k(c.shape.kh * c.shape.kw, c.shape.group_ci)),
        row_offsets(k.segment_count),
        filters(c.shape.co + tiles.tallest()),
        filter_sums(c.shape.co),
        grid(cut_into_tasks(c.shape, c.pool.threads())),
        ring_rows(band_rows(c.shape, 1)),
        columns(band_columns(c.shape)) {
    if (!ok()) return;
    const ConvShape& s = c.shape;
    for (size_t i = 0; i < k.segment_count; ++i) row_offsets[i] = k.segments[i].run * s.group_ci + k.segments[i].start;
    for (size_t i = 0; i < s.co + tiles.tallest(); ++i) filters[i] = c.w + std::min(i, s.co - 1) * s.k;
    if (c.product.needs_sums) c.kernels.layout.row_sums(s.co, s.k, c.w, s.k, filter_sums.data());
  }
  bool ok() const { return k.ok() && row_offsets.ok() && filters.ok() && filter_sums.ok(); }

  // A task's working memory.
  struct Ring {
    const float** panels;  // [segments]
    float* rows;           // [ring_rows][row_floats]
    float* line_sums;      // [ring_rows][groups][wo]
    float* of_pixels;      // [columns]
    float* sums;           // [wo + nr] of the windows of one output row
    float* out;            // [group_co][nr]
  };

  bool run(const Task& task) const {
    const ConvShape& s = c.shape;
    const size_t rows_floats = ring_rows * planes.row_floats, line_sums_floats = ring_rows * s.groups * s.wo;
    const size_t floats = rows_floats + line_sums_floats + columns + s.wo + tiles.nr + s.group_co * tiles.nr;
    void* const scratch = thread_scratch(k.segment_count * sizeof(const float*) + floats * sizeof(float));
    if (!scratch) return false;
    Ring ring;
    ring.panels = static_cast<const float**>(scratch);
    ring.rows = reinterpret_cast<float*>(ring.panels + k.segment_count);
    ring.line_sums = ring.rows + rows_floats;
    ring.of_pixels = ring.line_sums + line_sums_floats;
    ring.sums = ring.of_pixels + columns;
    ring.out = ring.sums + s.wo + tiles.nr;
    std::fill(ring.of_pixels, ring.out, 0.0f);

    for (size_t i = 0; i < task.images; ++i) {
      size_t filled = 0;  // rows of this image that have been in the ring
      for (size_t row = 0; row < task.rows; ++row) {
        for (filled = std::max(filled, row * s.sh); filled < row * s.sh + ring_rows; ++filled)
          fill_row(ring, image_row(s, task, c.x, i, filled), filled % ring_rows);
        const float* next = image_row(s, task, c.x, i, filled);
        float* const y = c.y + ((task.image + i) * s.ho + task.row + row) * s.wo * s.co;
        if (next) prefetch_to_read(next, s.sh * s.w * s.ci);
        prefetch_to_write(y + s.wo * s.co, s.wo * s.co);
        for (size_t g = 0; g < s.groups; ++g) convolve_row(ring, row * s.sh, g, y);
      }
    }
    return true;
  }

  void fill_row(const Ring& ring, const float* x, size_t slot) const {
    const ConvShape& s = c.shape;
    transpose_row(c, planes, x, ring.rows + slot * planes.row_floats);
    if (!c.product.needs_sums) return;
    for (size_t g = 0; g < s.groups; ++g)
      line_sums(s, x, g, c.kernels.layout, ring.of_pixels, ring.line_sums + (slot * s.groups + g) * s.wo);
  }

  void convolve_row(const Ring& ring, size_t first_row, size_t g, float* y) const {
    const ConvShape& s = c.shape;
    for (size_t a = 0; c.product.needs_sums && a < s.kh; ++a) {
      const float* of_line = ring.line_sums + ((first_row + a * s.dh) % ring_rows * s.groups + g) * s.wo;
      if (a == 0) std::copy(of_line, of_line + s.wo, ring.sums);
      else c.kernels.elementwise.add(s.wo, ring.sums, of_line, ring.sums);
    }
    for (size_t column = 0; column < s.wo; column += tiles.nr) {
      for (size_t i = 0; i < k.segment_count; ++i) {
        const size_t tap = k.segments[i].run, channel = g * s.group_ci + k.segments[i].start;
        const size_t slot = (first_row + tap / s.kw * s.dh) % ring_rows;
        ring.panels[i] = ring.rows + slot * planes.row_floats + planes.offset(s, channel, tap % s.kw * s.dw) + column;
      }
      ProductTileArgs args = {};
      args.columns = tiles.nr;
      args.row_origins = &filters[g * s.group_co];
      args.row_offsets = row_offsets.data();
      args.row_sums = &filter_sums[g * s.group_co];
      args.row_bias = c.bias ? c.bias + g * s.group_co : nullptr;
      args.panels = ring.panels;
      args.panel_stride = planes.width;
      args.panel_sums = ring.sums + column;
      args.y = ring.out;
      args.y_stride = tiles.nr;
      run_panel(tiles, k, args, s.group_co);
      c.kernels.layout.transpose(s.group_co, std::min(tiles.nr, s.wo - column), ring.out, tiles.nr, y + column * s.co + g * s.group_co,
                                 s.co);
    }
  }
};
}  // namespace

Status convolve_filter_rows(const Convolution& c, const TileColumn& tiles) {
  const FilterRows form(c, tiles);
  if (!form.ok()) return Status::kMemory;
  return run_tasks(c, form.grid, form);
}
