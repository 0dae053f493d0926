// The tiles of a Winograd layer. They are windows of 4x4 pixels, two apart, so tasks and input strips are those of such a convolution.
#pragma once
#include <algorithm>

#include "../kernels/kernel_table.h"
#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "input_strip.h"
#include "winograd.h"

// The last tile of an odd size reaches over the edge: its padding is longer than that of s.
Conv2dShape winograd_windows(const Conv2dShape& s);

// Tiles that are neighbors in a row: the image of a task, the row of tiles in it, the first column, and their place in a block.
struct TileRun {
  size_t image, row, column, count, place;
};

// use(run) for the runs of a block, tiles [first, first + count) of the task in the order image, row, column.
template <class Use>
void for_runs(const Conv2dShape& windows, const Task& task, size_t first, size_t count, const Use& use) {
  for (size_t place = 0; place < count;) {
    const size_t tile = first + place, line = tile / windows.wo, column = tile % windows.wo;
    const TileRun run = {line / task.rows, line % task.rows, column, std::min(count - place, windows.wo - column), place};
    use(run);
    place += run.count;
  }
}

// How many tiles a block has: what `bytes` of a tile at every position take stays in the second-level cache, but panels are not worth
// loading for fewer tiles than the minimum. A multiple of the rows of a product's tile.
constexpr size_t winograd_block(size_t bytes, size_t rows) {
  const size_t fitting = fit_count(kWinogradBlockBytes, kWinogradPositions * bytes);
  return std::max(fitting / rows * rows, round_up(kMinWinogradBlock, rows));
}

// Floats from one position to the next of [16][tiles][channels]: an odd number of cache lines, so that the 16 places of a tile are in
// different sets of a cache.
constexpr size_t position_stride(size_t tiles, size_t channels) { return round_up(tiles * channels, 32) + 16; }

// v [16][block][ci]: the transformed input of a block of at most `block` tiles.
void transform_block(const KernelTable& kernels, const Conv2dShape& windows, const Task& task, const InputStrip<float>& strip, size_t first,
                     size_t count, size_t block, float* v);

// gs [16][block][co] = A gy A^T of a block, gy centered, zeros where it has no pixel. `zeros` are co zeros.
void transform_gradient_block(const KernelTable& kernels, const Conv2dShape& s, const Conv2dShape& windows, const Task& task,
                              const float* gy, const float* zeros, size_t first, size_t count, size_t block, float* gs);
