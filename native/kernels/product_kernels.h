// The kernels of float convolutions: sums of products or of distances, one tile at a time.
#pragma once
#include <cstddef>

#include "../simd/unroll.h"
#include "activation.h"
#include "peak_kernels.h"
#include "row_groups.h"

// One tile of a product over a block of k, all sums in registers:
//
//   y[i][j] = sum_k row_i[k] * panel[k][j]       dot: the convolution of a CNN
//   y[i][j] = - sum_k |row_i[k] - panel[k][j]|   l1: the convolution of an adder network                  i < rows, j < columns
//
// Ordinarily a row is one pixel's window and a panel holds the filters of nr output channels. With few output channels the operands
// change places, which both products allow: a row is a filter, a panel holds nr pixels.

// The window of a convolution is a few segments of contiguous elements; segment r of row i starts at row_pointers[i] + row_offsets[r].
struct ProductOperands {
  const float* const* row_pointers;        // [mr], all readable: where rows < mr the last is repeated
  const size_t* row_offsets;               // [segments] in floats
  const float* const* panels;              // [segments] where the panel of each segment starts
  size_t panel_stride;                     // floats from one k to the next, at least nr
  const float* row_sums;                   // [mr]  sum_k row_i[k] over all blocks     \ read by the last block, only where
  const float* panel_sums;                 // [nr]  sum_k panel[k][j] over all blocks  / Product::needs_sums is set
  size_t segments = 0, segment_elems = 0;  // this block of k is segments * segment_elems long

  ALWAYS_INLINE void advance(size_t rows) {
    row_pointers += rows;
    if (row_sums) row_sums += rows;
  }
};

// Tiles of gradients read this, too (gradient_kernels.h).
struct GradientOperand {
  size_t row_stride;  // floats from one k to the next of a row; the rows of other tiles are contiguous
  const float* data;  // [rows][columns] or null
  size_t data_stride;

  ALWAYS_INLINE void advance(size_t rows) {
    if (data) data += rows * data_stride;
  }
};

// The last block of k takes a sum further on its way out:   y = activation((sum + bias) * scale + shift (+ residual))
struct TileEpilogue {
  const float *row_bias, *row_scale, *row_shift;        // [mr] or null  \ bias alone or all three
  const float *panel_bias, *panel_scale, *panel_shift;  // [nr] or null  /
  const float* residual;                                // of the layout of y; or null
  Activation activation;

  ALWAYS_INLINE void advance(size_t rows, size_t y_stride) {
    if (row_bias) row_bias += rows;
    if (row_scale) {
      row_scale += rows;
      row_shift += rows;
    }
    if (residual) residual += rows * y_stride;
  }
};

struct ProductTileArgs {
  size_t rows, columns;  // how many of mr x nr to write
  ProductOperands operands;
  GradientOperand gradient;
  TileEpilogue epilogue;
  RowGroups groups;
  bool first, last;  // block of k: the first overwrites y, the others add to it, the last finishes
  float* y;
  size_t y_stride;  // floats between y[i] and y[i + 1]

  // To the tile so many rows below.
  ALWAYS_INLINE void advance(size_t by) {
    operands.advance(by);
    gradient.advance(by);
    epilogue.advance(by, y_stride);
    y += by * y_stride;
  }
};
struct ProductTile {
  int mr, nr;
  void (*run)(const ProductTileArgs&);
};

// Depthwise: each channel has its own filter, so lanes are channels.   y[i][c] = sum_t row_i[t][c] * w[t][c], or its L1 form
struct DepthwiseTileArgs {
  size_t rows, channels, taps;
  const float* const* row_pointers;  // [mr] as above
  const size_t* tap_offsets;         // [taps] floats from a row's pointer to the tap's first channel
  const float* weights;              // [taps][channels]
  const float* bias;                 // [channels] or null
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
