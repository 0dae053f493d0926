#include "tile_set.h"

#include <algorithm>

#include "../runtime/round.h"

namespace {
// The tiles of the same width as the first.
template <class Tile>
TileSet<Tile> tiles_of_one_width(const Tile* tiles) {
  size_t count = 1;
  while (tiles[count].run && tiles[count].nr == tiles[0].nr) ++count;
  return {tiles, count, static_cast<size_t>(tiles[0].nr), 0};
}
}  // namespace

template <class Tile>
const Tile& TileSet<Tile>::pick_tile(size_t rows) const {
  const size_t rounds = divide_up(rows, max_mr()), rows_per_round = divide_up(rows, rounds);
  size_t best = 0;
  while (best + 1 < count && static_cast<size_t>(tiles[best + 1].mr) >= rows_per_round) ++best;
  return tiles[best];
}

template <class Tile>
TileSet<Tile> choose_tiles(const Tile* tiles, size_t rows, size_t columns) {
  TileSet<Tile> best = {};
  const Tile* last = tiles;
  while (last[1].run) ++last;
  const double lanes = last->nr;  // the narrowest tile is one vector wide
  for (const Tile* t = tiles; t->run;) {
    TileSet<Tile> set = tiles_of_one_width(t);
    const Tile& tile = set.pick_tile(rows);
    const double mr = tile.mr, vectors = tile.nr / lanes;
    // Lanes and rows that are computed in vain, times the loads that compete with the mr * vectors micro-ops. The weight 0.6 fits the
    // measured rates of 12x1, 8x2 and 6x4 vectors on AVX-512.
    const double waste = double(round_up(columns, set.nr)) / columns * std::max(1.0, mr / rows);
    set.cost = waste * (1 + 0.6 * (mr + vectors) / (mr * vectors));
    if (!best.tiles || set.cost < best.cost) best = set;
    t += set.count;
  }
  return best;
}

template struct TileSet<ProductTile>;
template struct TileSet<IntegerTile>;
template struct TileSet<XnorTile>;
template TileSet<ProductTile> choose_tiles(const ProductTile*, size_t, size_t);
template TileSet<IntegerTile> choose_tiles(const IntegerTile*, size_t, size_t);
template TileSet<XnorTile> choose_tiles(const XnorTile*, size_t, size_t);
