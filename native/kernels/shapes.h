// Shapes of tiles: MR rows x NV vectors of columns. shapes_*.h list those that fit the registers of an instruction set, and everything else
// is made from these lists: the tables of tiles, and so what drivers choose from, tests count and benchmarks measure.
#pragma once

namespace {
template <int MR, int NV>
struct Shape {
  template <class Family>
  static constexpr typename Family::Tile kTile = Family::template kTile<MR, NV>;
};

// In the order of Product::tiles: grouped by NV, widest first, then by MR, tallest first; the last is one vector wide.
template <class... S>
struct Shapes {
  template <class Family>
  static constexpr typename Family::Tile tiles[] = {S::template kTile<Family>..., {}};
};
}  // namespace
