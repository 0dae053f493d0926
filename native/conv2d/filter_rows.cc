// The swapped form, for few output channels: |x - w| and x * w are symmetric, so a tile may be mr filters x nr pixels of one output row,
// and a vector is full of pixels where it could not be filled with channels.
//
// Filters are copied as they are. Each input row is transposed once into planes of pixels, one per channel, the columns of a stride
// apart together, so that the pixels of a tap are neighbors:
//
//   planes [phase][ci][width]    column c of the padded row is at phase c mod s, place c / s
//
// Only the rows that one output row sees are kept, in a ring: they stay in the first-level cache. The tiles' outputs [co][pixels] are
// transposed on the way out; a residual is added afterwards.
#include <algorithm>
#include <cstring>

#include "../gemm/run_panel.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"

namespace {
struct Planes {
  size_t phases, width, row_floats;  // width in floats of one channel's plane

  Planes(const Conv2dShape& s, size_t nr) {
    phases = std::min(s.sw, strip_columns(s));
    // The last tile reads a whole panel from the last tap's first place.
    width = round_up(s.wo, nr) + (s.kw - 1) * s.dw / s.sw;
    row_floats = phases * s.ci * width;
  }
  size_t offset(const Conv2dShape& s, size_t channel, size_t column) const {
    return (column % s.sw * s.ci + channel) * width + column / s.sw;
  }
};

// Fills the planes of one padded input row; x is the row's first pixel, null where the row is padding.
void transpose_row(const Conv2dShape& s, const LayoutKernels& layout, const Planes& planes, const float* x, float* out) {
  std::memset(out, 0, planes.row_floats * sizeof(float));
  if (!x) return;
  const size_t end = ImageColumns(s).right;
  for (size_t phase = 0; phase < planes.phases; ++phase) {
    // The phase has so many columns inside the image, and this is the first one.
    const size_t first = phase >= s.pad_left ? phase : phase + round_up(s.pad_left - phase, s.sw);
    if (first >= end) continue;
    const size_t pixels = divide_up(end - first, s.sw);
    layout.transpose(pixels, s.ci, x + (first - s.pad_left) * s.ci, s.sw * s.ci, out + planes.offset(s, 0, first), planes.width);
  }
}

// Starts to fetch memory that the next output row will read or write, while this one is computed.
void prefetch_to_read(const float* p, size_t floats) {
  for (size_t i = 0; i < floats; i += 16) __builtin_prefetch(p + i, 0);
}
void prefetch_to_write(const float* p, size_t floats) {
  for (size_t i = 0; i < floats; i += 16) __builtin_prefetch(p + i, 1);
}

class FilterRows : public PackedConv2d {
 public:
  FilterRows(const Packing& p, const TileSet<ProductTile>& tiles)
      : kernels_(p.kernels),
        product_(p.product),
        shape_(p.shape),
        tiles_(tiles),
        planes_(shape_, tiles.nr),
        k_(cut_k(shape_.kh * shape_.kw, shape_.group_ci)),
        row_offsets_(k_.segment_count),
        tap_rows_(k_.segment_count),
        plane_offsets_(k_.segment_count),
        filters_(shape_.w_elems),
        filter_pointers_(shape_.co + tiles.max_mr()),
        filter_sums_(shape_.co),
        epilogue_(of_tiles(p.epilogue), {shape_.groups, shape_.group_co}, shape_.group_co),
        center_(p.epilogue, shape_.co),
        ring_rows_(strip_rows(shape_, 1)),
        columns_(strip_columns(shape_)) {
    if (!ok()) return;
    const Conv2dShape& s = shape_;
    std::copy(p.w, p.w + s.w_elems, filters_.data());
    for (size_t i = 0; i < k_.segment_count; ++i) {
      const auto [tap, channel] = k_.segments[i];
      row_offsets_[i] = tap * s.group_ci + channel;
      tap_rows_[i] = tap / s.kw * s.dh;
      plane_offsets_[i] = planes_.offset(s, channel, tap % s.kw * s.dw);
    }
    for (size_t i = 0; i < s.co + tiles.max_mr(); ++i) filter_pointers_[i] = &filters_[std::min(i, s.co - 1) * s.k];
    if (product_.needs_sums) kernels_.layout.row_sums(s.co, s.k, filters_.data(), s.k, filter_sums_.data());
  }
  bool ok() const {
    return k_.ok() && row_offsets_.ok() && tap_rows_.ok() && plane_offsets_.ok() && filters_.ok() && filter_pointers_.ok() &&
           filter_sums_.ok() && epilogue_.ok() && center_.ok();
  }
  size_t bytes() const override {
    return filters_.bytes() + filter_pointers_.bytes() + filter_sums_.bytes() + row_offsets_.bytes() + tap_rows_.bytes() +
           plane_offsets_.bytes() + epilogue_.bytes() + center_.bytes();
  }

  Status run(const Conv2dRun& r) const override {
    const Conv2dShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, grid.tasks, [&](size_t i) { return run_task(s, r, grid.task(s, i)); });
  }

 private:
  // A task's working memory.
  struct Ring {
    const float** panels;  // [segments]
    float* rows;           // [ring_rows][row_floats]
    float* line_sums;      // [ring_rows][groups][wo]
    float* pixel_sums;     // [columns]
    float* sums;           // [wo + nr] of the windows of one output row
    float* out;            // [group_co][nr]
  };

  bool run_task(const Conv2dShape& s, const Conv2dRun& r, const Task& task) const {
    const size_t sum_floats = s.wo + tiles_.nr;
    ScratchLayout layout;
    const auto panels = layout.add<const float*>(k_.segment_count);
    const auto rows = layout.add<float>(ring_rows_ * planes_.row_floats);
    const auto line_sums = layout.add<float>(ring_rows_ * s.groups * s.wo);
    const auto pixel_sums = layout.add<float>(columns_);
    const auto sums = layout.add<float>(sum_floats);
    const auto out = layout.add<float>(s.group_co * tiles_.nr);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const Ring ring = {scratch[panels], scratch[rows], scratch[line_sums], scratch[pixel_sums], scratch[sums], scratch[out]};
    std::fill_n(ring.pixel_sums, columns_, 0.0f);
    std::fill_n(ring.sums, sum_floats, 0.0f);

    for (size_t i = 0; i < task.images; ++i) {
      size_t filled = 0;  // rows of this image that have been in the ring
      for (size_t row = 0; row < task.rows; ++row) {
        for (filled = std::max(filled, row * s.sh); filled < row * s.sh + ring_rows_; ++filled)
          fill_row(ring, image_row(s, task, r.x, i, filled), filled % ring_rows_);
        const float* next = image_row(s, task, r.x, i, filled);
        const size_t output = ((task.image + i) * s.ho + task.row + row) * s.wo * s.co;
        float* const y = r.y + output;
        if (next) prefetch_to_read(next, s.sh * s.w * s.ci);
        prefetch_to_write(y + s.wo * s.co, s.wo * s.co);
        for (size_t g = 0; g < s.groups; ++g) compute_row(ring, row * s.sh, g, r.residual ? kNoActivation : epilogue_.activation(), y);
        if (center_.centers()) center_.run(kernels_, s.wo, r.residual ? r.residual + output : nullptr, y);
        if (center_.centers() || !r.residual) continue;
        kernels_.elementwise.add(s.wo * s.co, y, r.residual + output, y);
        if (epilogue_.activation().has_bound()) kernels_.elementwise.activate(s.wo * s.co, y, epilogue_.activation(), y);
      }
    }
    return true;
  }

  void fill_row(const Ring& ring, const float* x, size_t slot) const {
    const Conv2dShape& s = shape_;
    transpose_row(s, kernels_.layout, planes_, x, ring.rows + slot * planes_.row_floats);
    if (!product_.needs_sums) return;
    for (size_t g = 0; g < s.groups; ++g)
      line_sums(s, x, g, kernels_.layout, ring.pixel_sums, ring.line_sums + (slot * s.groups + g) * s.wo);
  }

  void compute_row(const Ring& ring, size_t first_row, size_t g, const Activation& activation, float* y) const {
    const Conv2dShape& s = shape_;
    for (size_t a = 0; product_.needs_sums && a < s.kh; ++a) {
      const float* sums_of_line = ring.line_sums + ((first_row + a * s.dh) % ring_rows_ * s.groups + g) * s.wo;
      if (a == 0) std::copy(sums_of_line, sums_of_line + s.wo, ring.sums);
      else kernels_.elementwise.add(s.wo, ring.sums, sums_of_line, ring.sums);
    }
    const size_t first_slot = first_row % ring_rows_;
    for (size_t column = 0; column < s.wo; column += tiles_.nr) {
      for (size_t i = 0; i < k_.segment_count; ++i) {
        const size_t slot = first_slot + tap_rows_[i];
        ring.panels[i] = ring.rows + (slot < ring_rows_ ? slot : slot - ring_rows_) * planes_.row_floats + plane_offsets_[i] +
                         g * s.group_ci * planes_.width + column;
      }
      ProductTileArgs args = {};
      args.last = true;
      args.columns = tiles_.nr;
      args.operands = {&filter_pointers_[g * s.group_co], row_offsets_.data(), ring.panels, planes_.width,
                       &filter_sums_[g * s.group_co],     ring.sums + column};
      args.epilogue = epilogue_.of_rows(g * s.group_co);
      args.epilogue.activation = activation;
      args.y = ring.out;
      args.y_stride = tiles_.nr;
      run_panel(tiles_, k_, args, s.group_co);
      kernels_.layout.transpose(s.group_co, std::min(tiles_.nr, s.wo - column), ring.out, tiles_.nr, y + column * s.co + g * s.group_co,
                                s.co);
    }
  }

  const KernelTable& kernels_;
  const Product& product_;
  const Conv2dShape shape_;
  const TileSet<ProductTile> tiles_;
  const Planes planes_;
  const KBlocks k_;
  AlignedBuffer<size_t> row_offsets_;  // [segments]
  // [segments] how many rows the tap lies below the window's first, and where its panel starts in the planes of that row
  AlignedBuffer<size_t> tap_rows_, plane_offsets_;
  AlignedBuffer<float> filters_;                 // [co][k]
  AlignedBuffer<const float*> filter_pointers_;  // [co + mr]
  AlignedBuffer<float> filter_sums_;             // [co]
  const PackedEpilogue epilogue_;                // [co]
  const CenterPass center_;
  const size_t ring_rows_, columns_;
};
}  // namespace

std::unique_ptr<PackedConv2d> pack_filter_rows(const Packing& p, const TileSet<ProductTile>& tiles) {
  return make_if_ok<FilterRows>(p, tiles);
}
