// Filter gradients as one matrix product over all pixels: gw = G^T X, where row k of X^T is what tap k of the window sees. The tile of the
// forward pass does it, with other operands:
//
//   rows      one output channel of gy; the next step of "k" is the next pixel, co floats further on
//   panel     nr neighbouring elements of a run of the window; the next step is sw * ci floats further on in the band, so X is never
//             formed
//   runs      output rows
//
//   adder, full    sum (x - w) * g = G^T X - w * sum g        a correction at the end
//   adder, sign    sum sgn(x - w) * g                         its own tile, which holds w in registers
//
// Pixels are cut into chunks that depend on the shape alone. A chunk adds up its own gradient, and chunks are added in order: the same
// bits for any number of threads.
#include <algorithm>
#include <atomic>

#include "../runtime/scratch_layout.h"
#include "../gemm/tiling.h"
#include "input_strip.h"
#include "window_runs.h"
#include "grad.h"

namespace {
constexpr size_t kMostChunks = 16;
constexpr size_t kChunkBytes = 64u << 20;  // of all chunks' gradients together
// Pixels of one tile's sum: a block's panel stays in the first-level cache.
constexpr size_t kBlockPixels = 128;
// Tasks are cut as for this many threads, whatever there are.
constexpr size_t kGridThreads = 4;

struct FilterGradient {
  const KernelTable& kernels;
  ThreadPool& pool;
  const ConvShape& s;
  const ProductTile* product;
  const float *gy, *x, *w;  // w: for the sign tile, else null

  const TaskGrid grid;
  const WindowRuns runs;  // in a copied band
  const TileColumn tiles;
  const size_t chunks;
  AlignedBuffer<float> partial;  // [chunks][co][k]
  AlignedBuffer<double> sums;    // [chunks][co] of gy

  FilterGradient(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const ProductTile* product, const float* gy,
                 const float* x, const float* w)
      : kernels(kernels),
        pool(pool),
        s(s),
        product(product),
        gy(gy),
        x(x),
        w(w),
        grid(cut_into_tasks(s, kGridThreads)),
        runs(s, band_columns(s) * s.ci),
        tiles(choose_tiles(product, s.group_co, runs.elems())),
        chunks(std::max<size_t>(std::min({grid.tasks, kMostChunks, kChunkBytes / (s.w_elems * sizeof(float))}), 1)),
        partial(chunks * s.w_elems),
        sums(chunks * s.co) {}

  bool ok() const { return partial.ok() && sums.ok(); }

  bool run() {
    std::atomic<bool> out_of_memory{false};
    pool.parallel_for(chunks, [&](size_t chunk) {
      std::fill(&sums[chunk * s.co], &sums[chunk * s.co] + s.co, 0.0);
      const size_t first = chunk * grid.tasks / chunks, end = (chunk + 1) * grid.tasks / chunks;
      for (size_t task = first; task < end; ++task)
        if (!add_task(grid.task(s, task), task == first, &partial[chunk * s.w_elems], &sums[chunk * s.co])) out_of_memory = true;
    });
    return !out_of_memory;
  }

  bool add_task(const Task& task, bool first, float* gradient, double* gy_sums) const {
    const size_t lines = task.images * task.rows, mr = tiles.tallest();
    const size_t most_lines = grid.images_per_task * grid.rows_per_task;
    const size_t band_floats = copied_band_elems(s, grid) + tiles.nr;  // the last panel reads beyond its run
    ScratchLayout layout;
    const auto block_sum_slot = layout.add<double>(s.co);  // of gy
    const auto origin_slot = layout.add<const float*>(s.group_co + mr);
    const auto panel_slot = layout.add<const float*>(most_lines);
    const auto row_offset_slot = layout.add<size_t>(most_lines);
    const auto band_slot = layout.add<float>(band_floats);
    const Scratch scratch(layout);
    if (!scratch) return false;
    double* const block_sums = scratch[block_sum_slot];
    const float **const origins = scratch[origin_slot], **const panels = scratch[panel_slot];
    size_t* const row_offsets = scratch[row_offset_slot];
    float* const band_memory = scratch[band_slot];

    const float* const task_gy = gy + (task.image * s.ho + task.row) * s.wo * s.co;
    const Band band = copy_band(s, task, x, 0.0f, band_memory, std::copy<const float*, float*>);
    std::fill(band_memory + band_floats - tiles.nr, band_memory + band_floats, 0.0f);
    for (size_t line = 0; line < lines; ++line) row_offsets[line] = line * s.wo * s.co;

    const size_t lines_per_block = std::max<size_t>(kBlockPixels / s.wo, 1);
    for (size_t begin = 0; begin < lines; begin += lines_per_block) {
      const size_t end = std::min(begin + lines_per_block, lines);
      kernels.training.channel_sums((end - begin) * s.wo, s.co, task_gy + row_offsets[begin], block_sums);
      for (size_t i = 0; i < s.co; ++i) gy_sums[i] += block_sums[i];
      for (size_t g = 0; g < s.groups; ++g) {
        for (size_t i = 0; i < s.group_co + mr; ++i) origins[i] = task_gy + g * s.group_co + std::min(i, s.group_co - 1);
        for (size_t r = 0; r < runs.count(); ++r)
          for (size_t column = 0; column < runs.elems(); column += tiles.nr) {
            for (size_t line = begin; line < end; ++line)
              panels[line] = band.data + line / task.rows * band.image_stride + line % task.rows * s.sh * band.row_stride + g * s.group_ci +
                             runs.offset(r) + column;
            const size_t at = g * s.group_co * s.k + r * runs.elems() + column;
            ProductTileArgs args = {};
            args.columns = std::min(tiles.nr, runs.elems() - column);
            args.operands = {origins, row_offsets + begin, panels + begin, s.sw * s.ci, nullptr, nullptr, end - begin, s.wo};
            args.gradient = {s.co, w ? w + at : nullptr, s.k};
            args.first = first && begin == 0;
            args.y = gradient + at;
            args.y_stride = s.k;
            for (size_t i = 0; i < s.group_co; i += args.rows) {
              const ProductTile& tile = tiles.fitting(s.group_co - i);
              args.rows = std::min(static_cast<size_t>(tile.mr), s.group_co - i);
              tile.run(args);
              args.advance(args.rows);
            }
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
  if (!gradient.ok() || !gradient.run()) return Status::kMemory;
  gradient.combine(w_correction, gw);
  return Status::kOk;
}
}  // namespace

Status adder_conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, FilterRule rule, const float* gy,
                                const float* x, const float* w, float* gw) {
  if (rule == FilterRule::kSign) return filter_gradient({kernels, pool, s, kernels.gradient.sign, gy, x, w}, nullptr, gw);
  return filter_gradient({kernels, pool, s, kernels.gradient.dot, gy, x, nullptr}, w, gw);
}

Status conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* gy, const float* x, float* gw) {
  return filter_gradient({kernels, pool, s, kernels.gradient.dot, gy, x, nullptr}, nullptr, gw);
}
