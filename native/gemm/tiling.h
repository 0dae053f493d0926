// Which tile, which block of k, and running them: sizes are data, chosen per problem.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/aligned_buffer.h"

// The tiles of one panel width: tallest first, `count` of them.
template <class Tile>
struct TileColumnOf {
  const Tile* tiles;
  size_t count, nr;
  // Estimated time per useful element, relative to one vector step at full rate.
  double cost;
  size_t tallest() const { return static_cast<size_t>(tiles[0].mr); }
  // The tile to start with for `rows` more rows: the shortest that does them in as few rounds as the tallest. 16 rows of tiles up to 12
  // are 8 + 8, not 12 + 4.
  const Tile& fitting(size_t rows) const;
};
using TileColumn = TileColumnOf<ProductTile>;

// The panel width that wastes least for `rows` x `columns`, among tiles listed as in Product.
template <class Tile>
TileColumnOf<Tile> choose_tiles(const Tile* tiles, size_t rows, size_t columns);

// k is cut into blocks so that a panel's part stays in the second-level cache, and because a float sum over more than about a thousand
// elements loses digits. A block is either a few whole runs or a part of one run.
struct KBlock {
  size_t first_segment, segments, segment_elems;
};
struct KSegment {
  size_t run, start;  // elements [start, start + segment_elems) of the run
};
struct KBlocks {
  AlignedBuffer<KBlock> blocks;
  AlignedBuffer<KSegment> segments;
  size_t block_count = 0, segment_count = 0;
  bool ok() const { return blocks.ok() && segments.ok(); }
};
// 640 steps of the widest panel (64 floats) are 160 kB; the 576 of a 3x3 window over 64 channels go in one block.
constexpr size_t kBlockElems = 640;
KBlocks cut_k(size_t runs, size_t run_elems, size_t block_elems = kBlockElems);

// One panel against `rows` rows: every block of k, every tile. `all` has the arrays of all rows and all segments of k, y and the sums
// from the first row on; rows, segments, first and last are filled in tile by tile.
void run_panel(const TileColumn& tiles, const KBlocks& k, const ProductTileArgs& all, size_t rows);
