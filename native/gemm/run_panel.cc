#include "run_panel.h"

#include <algorithm>

void run_panel(const TileSet<ProductTile>& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows) {
  for (size_t b = 0; b < k.block_count; ++b) {
    const KBlock& block = k.blocks[b];
    ProductTileArgs args = all;
    args.operands.segments = block.segments;
    args.operands.segment_elems = block.segment_elems;
    args.operands.row_offsets += block.first_segment;
    args.operands.panels += block.first_segment;
    args.first = b == 0;
    args.last = all.last && b + 1 == k.block_count;
    for (size_t row = 0; row < rows; row += args.rows) {
      const ProductTile& tile = tiles.pick_tile(rows - row);
      args.rows = std::min(static_cast<size_t>(tile.mr), rows - row);
      tile.run(args);
      args.advance(args.rows);
    }
  }
}
