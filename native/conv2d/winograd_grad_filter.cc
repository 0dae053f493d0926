// Filter gradients of Winograd adder layers: sixteen matrix products G^T V over tiles, less U * sum g. As in grad_filter.cc, tasks are cut
// by the shape alone into chunks that add up their own gradient, and chunks are added in order.
#include <algorithm>

#include "../gemm/run_panel.h"
#include "../runtime/aligned_buffer.h"
#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "winograd_tiles.h"

namespace {
struct FilterGradient {
  const KernelTable& kernels;
  ThreadPool& pool;
  const Conv2dShape& s;
  const float *gy, *x;

  const Conv2dShape windows;
  const TaskGrid grid;
  const TileSet<ProductTile> tiles;
  const size_t block, position_elems, elems, chunks;
  AlignedBuffer<float> partial;  // [chunks][16][co][ci]
  AlignedBuffer<double> sums;    // [chunks][16][co] of gs

  FilterGradient(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x)
      : kernels(kernels),
        pool(pool),
        s(s),
        gy(gy),
        x(x),
        windows(winograd_windows(s)),
        grid(cut_into_tasks(windows, kFilterGridThreads)),
        tiles(choose_tiles(kernels.gradient.dot, s.co, s.ci)),
        block(std::min(winograd_block((s.ci + s.co) * sizeof(float), 1), grid.images_per_task * grid.rows_per_task * windows.wo)),
        position_elems(s.co * s.ci),
        elems(kWinogradPositions * position_elems),
        chunks(std::max<size_t>(std::min({grid.tasks, kMaxFilterChunks, kMaxFilterChunkBytes / (elems * sizeof(float))}), 1)),
        partial(chunks * elems),
        sums(chunks * kWinogradPositions * s.co) {}
  bool ok() const { return partial.ok() && sums.ok(); }

  Status run() {
    return run_tasks(pool, chunks, [&](size_t chunk) {
      double* const chunk_sums = &sums[chunk * kWinogradPositions * s.co];
      std::fill_n(chunk_sums, kWinogradPositions * s.co, 0.0);
      const size_t first = chunk * grid.tasks / chunks, end = (chunk + 1) * grid.tasks / chunks;
      for (size_t task = first; task < end; ++task)
        if (!add_task(grid.task(windows, task), task == first, &partial[chunk * elems], chunk_sums)) return false;
      return true;
    });
  }

  bool add_task(const Task& task, bool first, float* gradient, double* gradient_sums) const {
    const size_t mr = tiles.max_mr(), count_of_task = task.images * task.rows * windows.wo;
    ScratchLayout layout;
    const auto block_sum_slot = layout.add<double>(s.co);
    const auto pointer_slot = layout.add<const float*>(s.co + mr);
    const auto strip_slot = layout.add<float>(strip_scratch_elems(windows, grid));
    const auto zero_slot = layout.add<float>(s.co);
    const auto gs_slot = layout.add<float>(kWinogradPositions * position_stride(block, s.co));
    const auto v_slot =
        layout.add<float>(kWinogradPositions * position_stride(block, s.ci) + tiles.nr);  // the last panel reads beyond its row
    const Scratch scratch(layout);
    if (!scratch) return false;
    double* const block_sums = scratch[block_sum_slot];
    const float** const row_pointers = scratch[pointer_slot];
    float *const zeros = scratch[zero_slot], *const gs = scratch[gs_slot], *const v = scratch[v_slot];
    std::fill_n(zeros, s.co, 0.0f);
    std::fill_n(v, kWinogradPositions * position_stride(block, s.ci) + tiles.nr, 0.0f);

    const InputStrip<float> strip = make_input_strip(windows, task, x, scratch[strip_slot]);
    for (size_t begin = 0; begin < count_of_task; begin += block) {
      const size_t count = std::min(block, count_of_task - begin);
      transform_block(kernels, windows, task, strip, begin, count, block, v);
      transform_gradient_block(kernels, s, windows, task, gy, zeros, begin, count, block, gs);
      for (size_t p = 0; p < kWinogradPositions; ++p) {
        const float *const gs_p = gs + p * position_stride(block, s.co), *const v_p = v + p * position_stride(block, s.ci);
        kernels.training.channel_sums(count, s.co, gs_p, block_sums);
        for (size_t i = 0; i < s.co; ++i) gradient_sums[p * s.co + i] += block_sums[i];
        for (size_t i = 0; i < s.co + mr; ++i) row_pointers[i] = gs_p + std::min(i, s.co - 1);
        for (size_t column = 0; column < s.ci; column += tiles.nr) {
          const size_t no_offset = 0;
          const float* const panel = v_p + column;
          ProductTileArgs args = {};
          args.columns = std::min(tiles.nr, s.ci - column);
          args.operands = {row_pointers, &no_offset, &panel, s.ci, nullptr, nullptr, 1, count};
          args.gradient.row_stride = s.co;
          args.first = first && begin == 0;
          args.y = gradient + p * position_elems + column;
          args.y_stride = s.ci;
          run_tiles(tiles, args, s.co);
        }
      }
    }
    return true;
  }

  // gu = sum of the chunks, in order, less u * sum of gs.
  void combine(const float* u, float* gu) {
    pool.parallel_for(kWinogradPositions * s.co, [&](size_t row) {
      double gs_sum = 0;
      for (size_t chunk = 0; chunk < chunks; ++chunk) gs_sum += sums[chunk * kWinogradPositions * s.co + row];
      float* const sum = &partial[row * s.ci];
      for (size_t chunk = 1; chunk < chunks; ++chunk) kernels.elementwise.add(s.ci, sum, sum + chunk * elems, sum);
      for (size_t i = 0; i < s.ci; ++i) gu[row * s.ci + i] = static_cast<float>(sum[i] - u[row * s.ci + i] * gs_sum);
    });
  }
};
}  // namespace

Status winograd_adder_conv2d_grad_filter(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy,
                                         const float* x, const float* u, float* gu) {
  FilterGradient gradient(kernels, pool, s, gy, x);
  if (!gradient.ok()) return Status::kMemory;
  const Status status = gradient.run();
  if (status == Status::kOk) gradient.combine(u, gu);
  return status;
}
