// Input gradients of Winograd adder layers: sixteen products by the hardtanh tile, with V beside the sums and panels [co][nr input
// channels] of U, then B gv B^T added to gx. Tiles overlap, so one task does a whole image, its tiles in order.
#include <algorithm>

#include "../gemm/packed_panels.h"
#include "../gemm/run_panel.h"
#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "within.h"
#include "winograd_tiles.h"

namespace {
struct InputGradient {
  const KernelTable& kernels;
  const bool needs_sums;
  const Conv2dShape& s;
  const float *gy, *x;
  float* gx;

  const Conv2dShape windows;
  const TileSet<ProductTile> tiles;
  const size_t block;
  PackedPanels<float> panels;  // [16][panels][co][nr]
  const KBlocks k;

  InputGradient(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const ProductTile* product, bool needs_sums,
                const float* gy, const float* x, const float* u, float* gx)
      : kernels(kernels),
        needs_sums(needs_sums),
        s(s),
        gy(gy),
        x(x),
        gx(gx),
        windows(winograd_windows(s)),
        tiles(choose_tiles(product, windows.ho * windows.wo, s.ci)),
        block(std::min(winograd_block((2 * s.ci + s.co) * sizeof(float), tiles.max_mr()), windows.ho * windows.wo)),
        panels({kWinogradPositions, s.ci, tiles.nr}, s.co * tiles.nr),
        k(cut_k(1, s.co)) {
    if (!ok()) return;
    panels.pack(pool, [&](size_t i, float* panel) {
      const size_t p = i / panels.grid().per_group, column = i % panels.grid().per_group * tiles.nr;
      for (size_t co = 0; co < s.co; ++co)
        std::copy_n(u + (p * s.co + co) * s.ci + column, panels.grid().columns(i), panel + co * tiles.nr);
    });
  }
  bool ok() const { return panels.ok() && k.ok(); }

  bool run(size_t image) const {
    const size_t ci = s.ci, co = s.co, nr = tiles.nr, mr = tiles.max_mr(), count_of_task = windows.ho * windows.wo;
    const Task task = {image, 1, 0, windows.ho};
    const TaskGrid grid = {1, windows.ho, s.n};
    ScratchLayout layout;
    const auto strip_slot = layout.add<float>(strip_scratch_elems(windows, grid));
    const auto zero_slot = layout.add<float>(co);
    const auto edge_slot = layout.add<float>(ci);
    const auto v_slot = layout.add<float>(kWinogradPositions * position_stride(block, ci));
    const auto gs_slot = layout.add<float>(kWinogradPositions * position_stride(block, co));
    const auto gv_slot = layout.add<float>(kWinogradPositions * position_stride(block, nr));
    const auto sum_slot = layout.add<float>(kWinogradPositions * block);
    const auto pointer_slot = layout.add<const float*>(block + mr);
    const auto panel_slot = layout.add<const float*>(k.segment_count);
    const auto offset_slot = layout.add<size_t>(k.segment_count);
    const Scratch scratch(layout);
    if (!scratch) return false;
    float *const v = scratch[v_slot], *const gs = scratch[gs_slot], *const gv = scratch[gv_slot], *const sums = scratch[sum_slot];
    float *const zeros = scratch[zero_slot], *const edge = scratch[edge_slot];
    const float **const row_pointers = scratch[pointer_slot], **const panel_pointers = scratch[panel_slot];
    size_t* const row_offsets = scratch[offset_slot];
    std::fill_n(zeros, co, 0.0f);
    std::fill_n(edge, ci, 0.0f);
    std::fill_n(gx + image * s.h * s.w * ci, s.h * s.w * ci, 0.0f);

    const InputStrip<float> strip = make_input_strip(windows, task, x, scratch[strip_slot]);
    for (size_t first = 0; first < count_of_task; first += block) {
      const size_t count = std::min(block, count_of_task - first);
      transform_block(kernels, windows, task, strip, first, count, block, v);
      transform_gradient_block(kernels, s, windows, task, gy, zeros, first, count, block, gs);
      if (needs_sums)
        for (size_t p = 0; p < kWinogradPositions; ++p)
          kernels.layout.row_sums(count, co, gs + p * position_stride(block, co), co, sums + p * block);
      for (size_t i = 0; i < count + mr; ++i) row_pointers[i] = gs + std::min(i, count - 1) * co;
      for (size_t q = 0; q < panels.grid().per_group; ++q) {
        ProductTileArgs args = {};
        args.columns = panels.grid().columns(q);
        args.last = true;
        args.y_stride = nr;
        for (size_t p = 0; p < kWinogradPositions; ++p) {
          for (size_t i = 0; i < k.segment_count; ++i) {
            panel_pointers[i] = panels[p * panels.grid().per_group + q] + k.segments[i].start * nr;
            row_offsets[i] = p * position_stride(block, co) + k.segments[i].start;
          }
          args.operands = {row_pointers, row_offsets, panel_pointers, nr, needs_sums ? sums + p * block : nullptr, nullptr};
          args.gradient = {1, v + p * position_stride(block, ci) + q * nr, ci};
          args.y = gv + p * position_stride(block, nr);
          run_panel(tiles, k, args, count, co);
        }
        for_runs(windows, task, first, count, [&](const TileRun& run) { add_run(task, run, q, gv, edge); });
      }
    }
    return true;
  }

  // What lies on padding goes to `edge`, which nobody reads.
  void add_run(const Task& task, const TileRun& run, size_t panel, const float* gv, float* edge) const {
    const size_t nr = tiles.nr;
    for (size_t i = 0; i < run.count; ++i) {
      float* pixels[kWinogradInput * kWinogradInput];
      for (size_t r = 0; r < kWinogradInput; ++r)
        for (size_t c = 0; c < kWinogradInput; ++c) {
          const size_t row = kWinogradOutput * (task.row + run.row) + r - s.pad_top,
                       column = kWinogradOutput * (run.column + i) + c - s.pad_left;
          const bool exists = row < s.h && column < s.w;  // below 0 they are large
          pixels[kWinogradInput * r + c] = exists ? gx + (((task.image + run.image) * s.h + row) * s.w + column) * s.ci + panel * nr : edge;
        }
      kernels.winograd.transform_input_grad(std::min(nr, s.ci - panel * nr), gv + (run.place + i) * nr, position_stride(block, nr), pixels);
    }
  }
};

Status input_gradient(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const ProductTile* product, bool needs_sums,
                      const float* gy, const float* x, const float* u, float* gx) {
  const InputGradient gradient(kernels, pool, s, product, needs_sums, gy, x, u, gx);
  if (!gradient.ok()) return Status::kMemory;
  return run_tasks(pool, s.n, [&](size_t image) { return gradient.run(image); });
}

// V is a sum of four numbers of x at most.
constexpr float kMaxInput = kMaxHardtanhData / 4;
}  // namespace

Status winograd_adder_conv2d_grad_input(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x,
                                        const float* u, float* gx) {
  if (!all_within(pool, s.x_elems, x, kMaxInput)) return input_gradient(kernels, pool, s, kernels.gradient.clamp, false, gy, x, u, gx);
  return input_gradient(kernels, pool, s, kernels.gradient.hardtanh, true, gy, x, u, gx);
}
