#include "gemm/tile_set.h"

#include <algorithm>

#include "check.h"
#include "cpu/dispatch.h"
#include "runtime/round.h"

template <class Tile>
static void check_tiles(Test& t, const Tile* tiles) {
  for (int round = 0; round < 100; ++round) {
    const size_t rows = t.integer(1, 500), columns = t.integer(1, 300);
    const auto chosen = choose_tiles(tiles, rows, columns);
    CHECK(chosen.count > 0 && chosen.cost > 0);
    size_t turns = 0, left = rows;
    while (left > 0) {
      const auto& tile = chosen.pick_tile(left);
      CHECK(tile.run && static_cast<size_t>(tile.nr) == chosen.nr && static_cast<size_t>(tile.mr) <= chosen.max_mr());
      left -= std::min(left, static_cast<size_t>(tile.mr));
      ++turns;
    }
    CHECK(turns == divide_up(rows, chosen.max_mr()));
  }
}

TEST(tiles, "tiles of one width do all rows in as few rounds as the tallest") {
  const SupportedTables& supported = supported_tables();
  for (size_t i = 0; i < supported.count; ++i) {
    const KernelTable& kernels = *supported.tables[i];
    for (const ProductTile* tiles : {kernels.l1.tiles, kernels.dot.tiles, kernels.gradient.dot, kernels.gradient.hardtanh,
                                     kernels.gradient.clamp, kernels.gradient.sign})
      check_tiles(t, tiles);
    const InstructionSet& set = supported.sets[i];
    for (size_t adder = 0; adder < set.count; ++adder) check_tiles(t, set.tables[adder]->integer.l1_8.tiles);
    for (const IntegerProduct* product : {&kernels.integer.l1_16, &kernels.integer.dot_8, &kernels.integer.dot_7})
      check_tiles(t, product->tiles);
    check_tiles(t, kernels.xnor.tiles);
  }
}
