#include "gemm/tiling.h"

#include <algorithm>

#include "check.h"
#include "cpu/dispatch.h"

TEST(k_blocks, "cut_k covers every element of k once, in order") {
  for (int round = 0; round < 500; ++round) {
    const size_t runs = t.integer(1, 30), run_elems = t.integer(1, 100), block_elems = t.integer(1, 120);
    const KBlocks k = cut_k(runs, run_elems, block_elems);
    CHECK(k.ok());
    size_t run = 0, start = 0, segment = 0;
    for (size_t b = 0; b < k.block_count; ++b) {
      const KBlock& block = k.blocks[b];
      CHECK(block.first_segment == segment);
      CHECK(block.segments * block.segment_elems <= block_elems);
      for (size_t i = 0; i < block.segments; ++i, ++segment) {
        CHECK(k.segments[segment].run == run && k.segments[segment].start == start);
        start += block.segment_elems;
        CHECK(start <= run_elems);
        if (start == run_elems) ++run, start = 0;
      }
    }
    CHECK(segment == k.segment_count && run == runs && start == 0);
  }
}

template <class Tile>
static void check_tiles(Test& t, const Tile* tiles) {
  for (int round = 0; round < 100; ++round) {
    const size_t rows = t.integer(1, 500), columns = t.integer(1, 300);
    const auto chosen = choose_tiles(tiles, rows, columns);
    CHECK(chosen.count > 0 && chosen.cost > 0);
    size_t turns = 0, left = rows;
    while (left > 0) {
      const auto& tile = chosen.fitting(left);
      CHECK(tile.run && static_cast<size_t>(tile.nr) == chosen.nr && static_cast<size_t>(tile.mr) <= chosen.tallest());
      left -= std::min(left, static_cast<size_t>(tile.mr));
      ++turns;
    }
    CHECK(turns == (rows + chosen.tallest() - 1) / chosen.tallest());
  }
}

TEST(tiles, "tiles of one width do all rows in as few rounds as the tallest") {
  const SupportedTables& supported = supported_tables();
  for (size_t i = 0; i < supported.count; ++i) {
    const KernelTable& kernels = *supported.tables[i];
    for (const ProductTile* tiles :
         {kernels.l1.tiles, kernels.dot.tiles, kernels.gradient.dot, kernels.gradient.hardtanh, kernels.gradient.sign})
      check_tiles(t, tiles);
    for (const IntegerProduct* product : {&kernels.integer.l1_8, &kernels.integer.l1_16, &kernels.integer.dot_8, &kernels.integer.dot_7})
      check_tiles(t, product->tiles);
    check_tiles(t, kernels.xnor.tiles);
  }
}
