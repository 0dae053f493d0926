#pragma once
#include "k_blocks.h"
#include "tile_set.h"

// Multiplies one panel with `rows` rows: every block of k, every tile. `all` has the arrays of all rows and all segments of k, y and the
// sums from the first row on; rows, segments, first and last are filled in tile by tile;
// unless all.last is set, the sums are left as they are.
void run_panel(const TileSet<ProductTile>& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows);
