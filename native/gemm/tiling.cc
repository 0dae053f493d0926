#include "tiling.h"

#include <algorithm>

namespace {
size_t round_up(size_t a, size_t multiple) { return (a + multiple - 1) / multiple * multiple; }

template <class Tile>
TileColumnOf<Tile> column_at(const Tile* tiles) {
  size_t count = 1;
  while (tiles[count].run && tiles[count].nr == tiles[0].nr) ++count;
  return {tiles, count, static_cast<size_t>(tiles[0].nr), 0};
}
}  // namespace

template <class Tile>
const Tile& TileColumnOf<Tile>::fitting(size_t rows) const {
  const size_t rounds = (rows + tallest() - 1) / tallest(), share = (rows + rounds - 1) / rounds;
  size_t best = 0;
  while (best + 1 < count && static_cast<size_t>(tiles[best + 1].mr) >= share) ++best;
  return tiles[best];
}

template <class Tile>
TileColumnOf<Tile> choose_tiles(const Tile* tiles, size_t rows, size_t columns) {
  TileColumnOf<Tile> best = {};
  const Tile* last = tiles;
  while (last[1].run) ++last;
  const double lanes = last->nr;  // the narrowest tile is one vector wide
  for (const Tile* t = tiles; t->run;) {
    TileColumnOf<Tile> column = column_at(t);
    const Tile& tile = column.fitting(rows);
    const double mr = tile.mr, vectors = tile.nr / lanes;
    // Lanes and rows computed but not wanted, times the loads that compete with the mr * vectors arithmetic steps. The weight 0.6 fits
    // the measured rates of 12x1, 8x2 and 6x4 vectors on AVX-512.
    const double waste = double(round_up(columns, column.nr)) / columns * std::max(1.0, mr / rows);
    column.cost = waste * (1 + 0.6 * (mr + vectors) / (mr * vectors));
    if (!best.tiles || column.cost < best.cost) best = column;
    t += column.count;
  }
  return best;
}

template struct TileColumnOf<ProductTile>;
template struct TileColumnOf<IntegerTile>;
template struct TileColumnOf<XnorTile>;
template TileColumnOf<ProductTile> choose_tiles(const ProductTile*, size_t, size_t);
template TileColumnOf<XnorTile> choose_tiles(const XnorTile*, size_t, size_t);
template TileColumnOf<IntegerTile> choose_tiles(const IntegerTile*, size_t, size_t);

KBlocks cut_k(size_t runs, size_t run_elems, size_t block_elems) {
  KBlocks k;
  const size_t pieces = (run_elems + block_elems - 1) / block_elems;
  const size_t runs_per_block = std::max<size_t>(block_elems / run_elems, 1);
  k.segment_count = runs * pieces;
  k.block_count = pieces > 1 ? k.segment_count : (runs + runs_per_block - 1) / runs_per_block;
  k.segments = AlignedBuffer<KSegment>(k.segment_count);
  k.blocks = AlignedBuffer<KBlock>(k.block_count);
  if (!k.ok()) return k;

  for (size_t r = 0; r < runs; ++r)
    for (size_t i = 0; i < pieces; ++i) k.segments[r * pieces + i] = {r, i * block_elems};
  for (size_t b = 0; b < k.block_count; ++b) {
    if (pieces > 1) k.blocks[b] = {b, 1, std::min(block_elems, run_elems - k.segments[b].start)};
    else k.blocks[b] = {b * runs_per_block, std::min(runs_per_block, runs - b * runs_per_block), run_elems};
  }
  return k;
}

void run_panel(const TileColumn& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows) {
  for (size_t b = 0; b < k.block_count; ++b) {
    const KBlock& block = k.blocks[b];
    ProductTileArgs args = all;
    args.operands.segments = block.segments;
    args.operands.segment_elems = block.segment_elems;
    args.operands.row_offsets += block.first_segment;
    args.operands.panels += block.first_segment;
    args.first = b == 0;
    args.last = b + 1 == k.block_count;
    for (size_t row = 0; row < rows; row += args.rows) {
      const ProductTile& tile = tiles.fitting(rows - row);
      args.rows = std::min(static_cast<size_t>(tile.mr), rows - row);
      tile.run(args);
      args.advance(args.rows);
    }
  }
}
