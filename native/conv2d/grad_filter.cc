// Filter gradients as one matrix product over all pixels: gw = G^T X, where row k of X^T is what tap k of the window sees. The tile of the
// forward pass does it, with other operands:
//
//   k         pixels; its segments are output rows
//   rows      one output channel of gy each; the next pixel is co floats further on
//   panel     nr neighboring elements of a segment of the window; the next pixel is sw * ci floats further on in the strip, so that X is
//             never formed
//
//   adder, full    sum (x - w) * g = G^T X - w * sum g        the last term is subtracted at the end
//   adder, sign    sum sgn(x - w) * g                         it has its own tile, which holds w in registers
//
// Pixels are cut into chunks that depend on the shape alone. A chunk adds up its own gradient, and chunks are added in order: the
// result is bit-identical for any number of threads.
#include <algorithm>

#include "../gemm/run_panel.h"
#include "../runtime/aligned_buffer.h"
#include "../runtime/block_sizes.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "../runtime/round.h"
#include "grad.h"
#include "input_strip.h"
#include "window_segments.h"

namespace {
struct FilterGradient {
  const KernelTable& kernels;
  ThreadPool& pool;
  const Conv2dShape& s;
  const ProductTile* product;
  const float *gy, *x, *w;  // w: for the sign tile, else null

  const TaskGrid grid;
  const WindowSegments segments;  // in a copied strip
  const TileSet<ProductTile> tiles;
  const size_t chunks;
  AlignedBuffer<float> partial;  // [chunks][co][k]
  AlignedBuffer<double> sums;    // [chunks][co] of gy

  FilterGradient(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const ProductTile* product, const float* gy,
                 const float* x, const float* w)
      : kernels(kernels),
        pool(pool),
        s(s),
        product(product),
        gy(gy),
        x(x),
        w(w),
        grid(cut_into_tasks(s, kFilterGridThreads)),
        segments(s, strip_columns(s) * s.ci),
        tiles(choose_tiles(product, s.group_co, segments.elems())),
        chunks(std::max<size_t>(std::min({grid.tasks, kMaxFilterChunks, kMaxFilterChunkBytes / (s.w_elems * sizeof(float))}), 1)),
        partial(chunks * s.w_elems),
        sums(chunks * s.co) {}

  bool ok() const { return partial.ok() && sums.ok(); }

  Status run() {
    return run_tasks(pool, chunks, [&](size_t chunk) {
      std::fill(&sums[chunk * s.co], &sums[chunk * s.co] + s.co, 0.0);
      const size_t first = chunk * grid.tasks / chunks, end = (chunk + 1) * grid.tasks / chunks;
      for (size_t task = first; task < end; ++task)
        if (!add_task(grid.task(s, task), task == first, &partial[chunk * s.w_elems], &sums[chunk * s.co])) return false;
      return true;
    });
  }

  bool add_task(const Task& task, bool first, float* gradient, double* gy_sums) const {
    const size_t lines = task.images * task.rows, mr = tiles.max_mr();
    const size_t max_lines = grid.images_per_task * grid.rows_per_task;
    const size_t strip_floats = copied_strip_elems(s, grid) + tiles.nr;  // the last panel reads beyond its segment
    ScratchLayout layout;
    const auto block_sum_slot = layout.add<double>(s.co);  // of gy
    const auto pointer_slot = layout.add<const float*>(s.group_co + mr);
    const auto panel_slot = layout.add<const float*>(max_lines);
    const auto row_offset_slot = layout.add<size_t>(max_lines);
    const auto strip_slot = layout.add<float>(strip_floats);
    const Scratch scratch(layout);
    if (!scratch) return false;
    double* const block_sums = scratch[block_sum_slot];
    const float **const row_pointers = scratch[pointer_slot], **const panels = scratch[panel_slot];
    size_t* const row_offsets = scratch[row_offset_slot];
    float* const strip_memory = scratch[strip_slot];

    const float* const task_gy = gy + (task.image * s.ho + task.row) * s.wo * s.co;
    const InputStrip<float> strip = copy_input_strip(s, task, x, 0.0f, strip_memory, std::copy<const float*, float*>);
    std::fill_n(strip_memory + task.images * strip.image_stride, tiles.nr, 0.0f);  // the last panel reads beyond its segment
    for (size_t line = 0; line < lines; ++line) row_offsets[line] = line * s.wo * s.co;

    const size_t lines_per_block = fit_count(kFilterBlockPixels, s.wo);
    for (size_t begin = 0; begin < lines; begin += lines_per_block) {
      const size_t end = std::min(begin + lines_per_block, lines);
      kernels.training.channel_sums((end - begin) * s.wo, s.co, task_gy + row_offsets[begin], block_sums);
      for (size_t i = 0; i < s.co; ++i) gy_sums[i] += block_sums[i];
      for (size_t g = 0; g < s.groups; ++g) {
        for (size_t i = 0; i < s.group_co + mr; ++i) row_pointers[i] = task_gy + g * s.group_co + std::min(i, s.group_co - 1);
        for (size_t r = 0; r < segments.count(); ++r)
          for (size_t column = 0; column < segments.elems(); column += tiles.nr) {
            for (size_t line = begin; line < end; ++line)
              panels[line] = strip.data + line / task.rows * strip.image_stride + line % task.rows * s.sh * strip.row_stride +
                             g * s.group_ci + segments.offset(r) + column;
            const size_t at = g * s.group_co * s.k + r * segments.elems() + column;
            ProductTileArgs args = {};
            args.columns = std::min(tiles.nr, segments.elems() - column);
            args.operands = {row_pointers, row_offsets + begin, panels + begin, s.sw * s.ci, nullptr, nullptr, end - begin, s.wo};
            args.gradient = {s.co, w ? w + at : nullptr, s.k};
            args.first = first && begin == 0;
            args.y = gradient + at;
            args.y_stride = s.k;
            run_tiles(tiles, args, s.group_co);
          }
      }
    }
    return true;
  }

  // gw = sum of the chunks, in order, less w_correction * sum of gy.
  void combine(const float* w_correction, float* gw) {
    pool.parallel_for(s.co, [&](size_t co) {
      double gy_sum = 0;
      for (size_t chunk = 0; chunk < chunks; ++chunk) gy_sum += sums[chunk * s.co + co];
      float* const sum = &partial[co * s.k];
      for (size_t chunk = 1; chunk < chunks; ++chunk) kernels.elementwise.add(s.k, sum, sum + chunk * s.w_elems, sum);
      for (size_t i = 0; i < s.k; ++i)
        gw[co * s.k + i] = w_correction ? static_cast<float>(sum[i] - w_correction[co * s.k + i] * gy_sum) : sum[i];
    });
  }
};

Status filter_gradient(FilterGradient gradient, const float* w_correction, float* gw) {
  if (!gradient.ok()) return Status::kMemory;
  const Status status = gradient.run();
  if (status != Status::kOk) return status;
  gradient.combine(w_correction, gw);
  return Status::kOk;
}
}  // namespace

Status adder_conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, FilterRule rule, const float* gy,
                                const float* x, const float* w, float* gw) {
  if (rule == FilterRule::kSign) return filter_gradient({kernels, pool, s, kernels.gradient.sign, gy, x, w}, nullptr, gw);
  return filter_gradient({kernels, pool, s, kernels.gradient.dot, gy, x, nullptr}, w, gw);
}

Status conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, float* gw) {
  return filter_gradient({kernels, pool, s, kernels.gradient.dot, gy, x, nullptr}, nullptr, gw);
}
