#include "run_panel.h"

#include <algorithm>

namespace {
ProductTileArgs args_of_block(const KBlocks& k, size_t b, const ProductTileArgs& all) {
  const KBlock& block = k.blocks[b];
  ProductTileArgs args = all;
  args.operands.segments = block.segments;
  args.operands.segment_elems = block.segment_elems;
  args.operands.row_offsets += block.first_segment;
  args.operands.panels += block.first_segment;
  args.first = b == 0;
  args.last = all.last && b + 1 == k.block_count;
  return args;
}
}  // namespace

void run_tiles(const TileSet<ProductTile>& tiles, const ProductTileArgs& all, size_t rows) {
  ProductTileArgs args = all;
  for (size_t row = 0; row < rows; row += args.rows) {
    const ProductTile& tile = tiles.pick_tile(rows - row);
    args.rows = std::min(static_cast<size_t>(tile.mr), rows - row);
    tile.run(args);
    args.advance(args.rows);
  }
}

void run_panel(const TileSet<ProductTile>& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows) {
  for (size_t b = 0; b < k.block_count; ++b) run_tiles(tiles, args_of_block(k, b, all), rows);
}

void run_panel(const TileSet<ProductTile>& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows, size_t row_stride) {
  for (size_t b = 0; b < k.block_count; ++b) {
    ProductTileArgs args = args_of_block(k, b, all);
    for (size_t left = rows; left > 0;) {
      const ProductTile& tile = tiles.pick_tile(left);
      const size_t mr = static_cast<size_t>(tile.mr);
      args.rows = std::min(mr, left);
      args.groups = {left / args.rows, mr * row_stride, mr, mr * all.gradient.data_stride, mr * all.y_stride};
      tile.run(args);
      const size_t done = args.groups.count * args.rows;
      args.advance(done);
      left -= done;
    }
  }
}
