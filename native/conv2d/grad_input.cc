// Input gradients are gathered: each input pixel collects from the outputs whose windows hold it, so no two threads write the same pixel.
//
// Tap kh of the kernel carries output row ho to input row h = ho * s + kh * d - p. So input row h collects through the taps for which
// h + p - kh * d divides by the stride: only these taps hit. With stride 2 half of the rows have other taps
// than the rest; rows and columns of the same remainder are a phase and share their taps:
//
//   for each task (threads)          input rows of some images; its strip of gy, with a border of zeros
//     for each phase                 its pixels and taps
//       for each group, panel        rows are pixels of gy, the panel holds w as [tap][co][nr input channels]
//         tiles                      dot: gx = sum w * g;   hardtanh, clamp and sign: sum f(w - x) * g with x beside the sums
#include <algorithm>
#include <cstring>

#include "../gemm/packed_panels.h"
#include "../gemm/run_panel.h"
#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "grad.h"
#include "tasks.h"
#include "within.h"

namespace {
int64_t divide_down(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Which outputs the inputs collect from, for rows or for columns.
struct Axis {
  int64_t kernel, stride, padding, dilation;

  Axis(size_t kernel, size_t stride, size_t padding, size_t dilation)
      : kernel(int64_t(kernel)), stride(int64_t(stride)), padding(int64_t(padding)), dilation(int64_t(dilation)) {}
  // Inputs [begin, end) collect from outputs first(begin) … last(end), some of which may not exist.
  int64_t first(int64_t begin) const { return divide_down(begin + padding - (kernel - 1) * dilation, stride); }
  int64_t last(int64_t end) const { return divide_down(end - 1 + padding, stride); }
  // Inputs phase + i * stride collect through a tap that hits, from outputs i + offset.
  bool hits(int64_t phase, int64_t tap) const { return (phase + padding - tap * dilation) % stride == 0; }
  int64_t offset(int64_t phase, int64_t tap) const { return (phase + padding - tap * dilation) / stride; }
  // The smallest offset of the taps that hit; false if none does, as where the stride is larger than the kernel.
  bool min_offset(int64_t phase, int64_t* min) const {
    for (int64_t tap = kernel - 1; tap >= 0; --tap)
      if (hits(phase, tap)) return *min = offset(phase, tap), true;
    return false;
  }
};

// The gradient reads gy as a convolution with stride 1 from n x h x w pixels would read its input: tasks are cut the same way.
Conv2dShape shape_of_tasks(Conv2dShape s) {
  s.ho = s.h;
  s.wo = s.w;
  s.sh = s.sw = 1;
  s.ci = s.co;
  return s;
}

// What all tasks share.
struct InputGradient {
  const Conv2dShape& shape;
  const KernelTable& kernels;
  const bool needs_sums;
  const float *gy, *x;  // x: null for the ordinary convolution
  float* gx;

  const Axis vertical, horizontal;
  const TileSet<ProductTile> tiles;
  const size_t taps;
  PackedPanels<float> panels;  // [groups][panels][taps][group_co][nr]
  const Conv2dShape task_shape;
  const TaskGrid grid;
  const int64_t strip_left;  // first column of gy in a strip
  const size_t strip_width;

  InputGradient(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const ProductTile* product, bool needs_sums,
                const float* gy, const float* x, const float* w, float* gx)
      : shape(s),
        kernels(kernels),
        needs_sums(needs_sums),
        gy(gy),
        x(x),
        gx(gx),
        vertical(shape.kh, shape.sh, shape.pad_top, shape.dh),
        horizontal(shape.kw, shape.sw, shape.pad_left, shape.dw),
        tiles(choose_tiles(product, shape.n * shape.h * shape.w, shape.group_ci)),
        taps(shape.kh * shape.kw),
        panels({shape.groups, shape.group_ci, tiles.nr}, taps * shape.group_co * tiles.nr),
        task_shape(shape_of_tasks(shape)),
        grid(cut_into_tasks(task_shape, pool.threads())),
        strip_left(horizontal.first(0)),
        strip_width(static_cast<size_t>(horizontal.last(int64_t(shape.w)) - strip_left + 1)) {
    if (!ok()) return;
    panels.pack(pool, [&](size_t i, float* panel) { pack_panel(w, i, panel); });
  }
  bool ok() const { return panels.ok(); }

  void pack_panel(const float* w, size_t i, float* out) const {
    const Conv2dShape& s = shape;
    const size_t group = i / panels.grid().per_group, column = i % panels.grid().per_group * tiles.nr, columns = panels.grid().columns(i);
    for (size_t tap = 0; tap < taps; ++tap)
      for (size_t co = 0; co < s.group_co; ++co, out += tiles.nr) {
        const float* in = w + ((group * s.group_co + co) * taps + tap) * s.group_ci + column;
        std::copy(in, in + columns, out);
      }
  }

  // Rows [top, top + rows) of gy for the task's images, zeros where gy has none.
  void fill_strip(const Task& task, int64_t top, size_t rows, float* out) const {
    const Conv2dShape& s = shape;
    const auto width = int64_t(strip_width), wo = int64_t(s.wo);
    const int64_t left = std::clamp<int64_t>(-strip_left, 0, width), right = std::clamp<int64_t>(wo - strip_left, left, width);
    for (size_t i = 0; i < task.images; ++i)
      for (int64_t row = top; row < top + int64_t(rows); ++row, out += strip_width * s.co) {
        if (row < 0 || row >= int64_t(s.ho)) {
          std::fill(out, out + strip_width * s.co, 0.0f);
          continue;
        }
        const float* in = gy + (((task.image + i) * s.ho + size_t(row)) * s.wo + size_t(strip_left + left)) * s.co;
        std::fill(out, out + size_t(left) * s.co, 0.0f);
        std::memcpy(out + size_t(left) * s.co, in, size_t(right - left) * s.co * sizeof(float));
        std::fill(out + size_t(right) * s.co, out + strip_width * s.co, 0.0f);
      }
  }

  bool run(const Task& task) const {
    const Conv2dShape& s = shape;
    const auto begin = int64_t(task.row), end = int64_t(task.row + task.rows);
    Phase p;
    p.top = vertical.first(begin);
    p.rows = size_t(vertical.last(end) - p.top + 1);
    const size_t strip_pixels = task.images * p.rows * strip_width, pixels = task.images * task.rows * s.w, mr = tiles.max_mr();
    const KBlocks all_taps = cut_k(taps, s.group_co);
    if (!all_taps.ok()) return false;

    ScratchLayout layout;
    const auto row_pointers = layout.add<const float*>(pixels + mr);
    const auto panels = layout.add<const float*>(all_taps.segment_count);
    const auto row_offsets = layout.add<size_t>(all_taps.segment_count);
    const auto strip = layout.add<float>(strip_pixels * s.co);
    const auto strip_sums = layout.add<float>(needs_sums ? strip_pixels : 0);
    const auto sums = layout.add<float>(needs_sums ? pixels : 0);
    const Scratch scratch(layout);
    if (!scratch) return false;
    p.row_pointers = scratch[row_pointers];
    p.panels = scratch[panels];
    p.row_offsets = scratch[row_offsets];
    p.strip = scratch[strip];
    p.strip_sums = scratch[strip_sums];
    p.sums = scratch[sums];

    fill_strip(task, p.top, p.rows, p.strip);
    for (p.vertical = 0; p.vertical < std::min<int64_t>(vertical.stride, int64_t(s.h)); ++p.vertical)
      for (p.horizontal = 0; p.horizontal < std::min<int64_t>(horizontal.stride, int64_t(s.w)); ++p.horizontal)
        if (!run_phase(task, p)) return false;
    return true;
  }

  struct Phase {
    int64_t vertical, horizontal;
    const float **row_pointers, **panels;  // [pixels + mr], [segments]
    size_t* row_offsets;                   // [segments]
    float* strip;                          // [strip pixels][co]
    float *strip_sums, *sums;              // [strip pixels] over a group's channels, [pixels]
    int64_t top;
    size_t rows;
    size_t columns(const Conv2dShape& s) const { return divide_up(s.w - size_t(horizontal), s.sw); }
  };

  // Calls f(image of the task, input row, index in the phase of its first pixel) for the phase's rows of the task; returns its pixels.
  template <class F>
  size_t for_rows(const Task& task, const Phase& p, const F& f) const {
    const Conv2dShape& s = shape;
    size_t index = 0;
    const size_t first = (task.row + s.sh - 1 - size_t(p.vertical)) / s.sh;  // the first i with vertical + i * sh >= row
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = size_t(p.vertical) + first * s.sh; row < task.row + task.rows; row += s.sh, index += p.columns(s)) f(i, row, index);
    return index;
  }

  bool run_phase(const Task& task, const Phase& p) const {
    const Conv2dShape& s = shape;
    const size_t columns = p.columns(s);
    int64_t min_row = 0, min_column = 0;
    const bool any = vertical.min_offset(p.vertical, &min_row) && horizontal.min_offset(p.horizontal, &min_column);
    const auto input = [&](size_t i, size_t row) { return (((task.image + i) * s.h + row) * s.w + size_t(p.horizontal)) * s.ci; };
    if (!any) {  // no window holds these pixels
      for_rows(task, p, [&](size_t i, size_t row, size_t) {
        for (size_t c = 0; c < columns; ++c) std::fill_n(gx + input(i, row) + c * s.sw * s.ci, s.ci, 0.0f);
      });
      return true;
    }

    // How far the pixel of gy of each tap that hits lies from the window's first.
    size_t hits = 0;
    AlignedBuffer<size_t> tap(taps), distance(taps);
    if (!tap.ok() || !distance.ok()) return false;
    for (int64_t kh = 0; kh < vertical.kernel; ++kh)
      for (int64_t kw = 0; kw < horizontal.kernel; ++kw)
        if (vertical.hits(p.vertical, kh) && horizontal.hits(p.horizontal, kw)) {
          tap[hits] = size_t(kh) * s.kw + size_t(kw);
          distance[hits++] =
              size_t(vertical.offset(p.vertical, kh) - min_row) * strip_width + size_t(horizontal.offset(p.horizontal, kw) - min_column);
        }
    const KBlocks k = cut_k(hits, s.group_co);
    if (!k.ok()) return false;
    for (size_t i = 0; i < k.segment_count; ++i) p.row_offsets[i] = distance[k.segments[i].source] * s.co + k.segments[i].start;

    const auto place = [&](size_t i, size_t row) {  // where in the strip, in pixels, a row's first window starts
      return (i * p.rows + size_t(int64_t(row / s.sh) + min_row - p.top)) * strip_width + size_t(min_column - strip_left);
    };
    const size_t pixels = for_rows(task, p, [&](size_t i, size_t row, size_t index) {
      for (size_t c = 0; c < columns; ++c) p.row_pointers[index + c] = p.strip + (place(i, row) + c) * s.co;
    });
    if (pixels == 0) return true;
    std::fill(p.row_pointers + pixels, p.row_pointers + pixels + tiles.max_mr(), p.row_pointers[pixels - 1]);

    for (size_t g = 0; g < s.groups; ++g) {
      if (needs_sums) {
        kernels.layout.row_sums(task.images * p.rows * strip_width, s.group_co, p.strip + g * s.group_co, s.co, p.strip_sums);
        std::fill(p.sums, p.sums + pixels, 0.0f);
        for_rows(task, p, [&](size_t i, size_t row, size_t index) {
          float* const sums = p.sums + index;
          for (size_t t = 0; t < hits; ++t) kernels.elementwise.add(columns, sums, p.strip_sums + place(i, row) + distance[t], sums);
        });
      }
      for (size_t i = 0; i < pixels + tiles.max_mr(); ++i) p.row_pointers[i] += g == 0 ? 0 : s.group_co;
      for (size_t q = 0; q < panels.grid().per_group; ++q) {
        const size_t panel = g * panels.grid().per_group + q;
        for (size_t i = 0; i < k.segment_count; ++i)
          p.panels[i] = panels[panel] + (tap[k.segments[i].source] * s.group_co + k.segments[i].start) * tiles.nr;
        ProductTileArgs args = {};
        args.last = true;
        args.columns = panels.grid().columns(panel);
        args.y_stride = s.sw * s.ci;
        args.operands = {nullptr, p.row_offsets, p.panels, tiles.nr, nullptr, nullptr};
        args.gradient = {1, nullptr, args.y_stride};
        const auto run_pixels = [&](size_t first, size_t count, size_t at) {
          args.operands.row_pointers = p.row_pointers + first;
          if (needs_sums) args.operands.row_sums = p.sums + first;
          if (x) args.gradient.data = x + at;
          args.y = gx + at;
          run_panel(tiles, k, args, count);
        };
        const size_t channel = g * s.group_ci + q * tiles.nr;
        // With a stride, the pixels of a phase are evenly spaced only within a row.
        if (s.sh == 1 && s.sw == 1) run_pixels(0, pixels, input(0, task.row) + channel);
        else for_rows(task, p, [&](size_t i, size_t row, size_t index) { run_pixels(index, columns, input(i, row) + channel); });
      }
    }
    return true;
  }
};

Status input_gradient(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const ProductTile* product, bool needs_sums,
                      const float* gy, const float* x, const float* w, float* gx) {
  const InputGradient gradient(kernels, pool, s, product, needs_sums, gy, x, w, gx);
  if (!gradient.ok()) return Status::kMemory;
  return run_tasks(pool, gradient.grid.tasks, [&](size_t i) { return gradient.run(gradient.grid.task(gradient.task_shape, i)); });
}
}  // namespace

Status adder_conv2d_grad_input(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, InputRule rule, const float* gy,
                               const float* x, const float* w, float* gx) {
  if (rule == InputRule::kSign) return input_gradient(kernels, pool, s, kernels.gradient.sign, false, gy, x, w, gx);
  // One tile for all of x: results must not depend on how tasks are cut.
  if (!all_within(pool, s.x_elems, x, kMaxHardtanhData))
    return input_gradient(kernels, pool, s, kernels.gradient.clamp, false, gy, x, w, gx);
  return input_gradient(kernels, pool, s, kernels.gradient.hardtanh, true, gy, x, w, gx);
}

Status conv2d_grad_input(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* w, float* gx) {
  return input_gradient(kernels, pool, s, kernels.dot.tiles, false, gy, nullptr, w, gx);
}
