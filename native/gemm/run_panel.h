#pragma once
#include "k_blocks.h"
#include "tile_set.h"

// Multiplies one panel with `rows` rows: every block of k, every tile. `all` has the arrays of all rows and all segments of k, y and the
// sums from the first row on, and whether the sums are finished (`last`); rows, segments and `first` are filled in tile by tile.
void run_panel(const TileSet<ProductTile>& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows);
// The same for rows that are so many floats apart.
void run_panel(const TileSet<ProductTile>& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows, size_t row_stride);
// One block of k alone, whose segments, `first` and `last` are there: every tile.
void run_tiles(const TileSet<ProductTile>& tiles, const ProductTileArgs& block, size_t rows);
