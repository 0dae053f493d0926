// Which tiles compute a problem. The choice is a matter of data, made for each problem.
#pragma once
#include "../kernels/kernel_table.h"

// The tiles of one panel width: tallest first, `count` of them.
template <class Tile>
struct TileSet {
  const Tile* tiles;
  size_t count, nr;
  double cost;  // estimated time per useful element, relative to one vector micro-op at full rate
  size_t max_mr() const { return static_cast<size_t>(tiles[0].mr); }
  // The tile to start with for `rows` more rows: the shortest that does them in as few rounds as the tallest. 16 rows of tiles up to 12
  // are 8 + 8, not 12 + 4.
  const Tile& pick_tile(size_t rows) const;
};

// The panel width that wastes least for `rows` x `columns`, among tiles listed as in Product.
template <class Tile>
TileSet<Tile> choose_tiles(const Tile* tiles, size_t rows, size_t columns);
