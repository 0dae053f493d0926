// The kernels of float convolutions: sums of products or of distances, one tile at a time.
#pragma once
#include <cstddef>

#include "peak_kernels.h"

// One tile of a product over a block of k, all sums in registers:
//
//   y[i][j] = sum_k row_i[k] * panel[k][j]       dot: the multiplication network
//   y[i][j] = - sum_k |row_i[k] - panel[k][j]|   l1: the adder network                        i < rows, j < columns
//
// Ordinarily a row is one pixel's window and a panel holds the filters of nr output channels. With few output channels the operands
// change places, which both products allow: a row is a filter, a panel holds nr pixels.
//
// The window of a convolution is a few runs of contiguous elements; row i, run r is row_origins[i] + row_offsets[r], for every row.
struct ProductTileArgs {
  size_t rows, columns;             // how many of mr x nr to write
  size_t runs, run_elems;           // this block of k is runs * run_elems long
  const float* const* row_origins;  // [mr], all readable: where rows < mr the last is repeated
  const size_t* row_offsets;        // [runs] in floats
  size_t row_stride;                // floats from one step of k to the next, for the gradient tiles alone; else 1
  const float* const* panels;       // [runs] the panel's first step for each run
  size_t panel_stride;              // floats from one step of k to the next, at least nr
  const float* row_sums;            // [mr]  sum_k row_i[k] over all blocks     \ read by the last block, only where
  const float* panel_sums;          // [nr]  sum_k panel[k][j] over all blocks  / Product::needs_sums is set
  const float* data;                // [rows][columns], for the gradient tiles alone
  size_t data_stride;               // floats between its rows
  // What the last block does to a sum on its way out:   y = (sum + bias) * scale + shift (+ residual) (then max(0, .))
  const float *row_bias, *row_scale, *row_shift;        // [mr] or null  \ bias alone or all three
  const float *panel_bias, *panel_scale, *panel_shift;  // [nr] or null  /
  const float* residual;                                // where y lies within its tensor; or null
  bool relu;
  bool first, last;  // block of k: the first overwrites y, the others add to it, the last finishes
  float* y;
  size_t y_stride;  // floats between y[i] and y[i + 1]
};
struct ProductTile {
  int mr, nr;
  void (*run)(const ProductTileArgs&);
};

// Depthwise: each channel has its own filter, so lanes are channels.   y[i][c] = sum_t row_i[t][c] * w[t][c], or its L1 form
struct DepthwiseTileArgs {
  size_t rows, channels, taps;
  const float* const* row_origins;  // [mr] as above
  const size_t* tap_offsets;        // [taps] floats from a pixel's origin to the tap's first channel
  const float* weights;             // [taps][channels]
  const float* bias;                // [channels] or null
  float* y;
  size_t y_stride;
};
struct DepthwiseTile {
  int mr;
  void (*run)(const DepthwiseTileArgs&);
};

struct Product {
  bool needs_sums;           // the tiles add up max(x, w):  sum |x - w| = 2 sum max(x, w) - sum x - sum w
  const ProductTile* tiles;  // grouped by nr, widest first, then by mr, tallest first; ends with {0, 0, nullptr}
  DepthwiseTile depthwise;
  Peak peak;
};
