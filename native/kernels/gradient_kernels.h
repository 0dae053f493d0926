// Tiles of the adder's gradients, in the contract of ProductTileArgs:
//
//   y[i][j] = sum_k row_i[k] * f(panel[k][j] - data[i][j])
//
//   input gradient    rows are output gradients, the panel holds filters, data is x:    f = clamp(., -1, 1), or sgn
//   filter gradient   rows are output gradients, the panel holds x, data is the filter: f = sgn (the full one is a dot product)
#pragma once
#include "product_kernels.h"

// Up to here the hardtanh tile's sums, of the size of the data, lose 6 of 24 binary digits. Activations behind a batch norm stay below.
constexpr float kMaxHardtanhData = 64;

struct GradientKernels {
  const ProductTile* dot;       // the product, with a row_stride
  const ProductTile* hardtanh;  // for data of at most kMaxHardtanhData; reads row_sums in the last block; row_stride is 1
  const ProductTile* clamp;     // the same for any data, at two thirds of the rate; with a row_stride
  const ProductTile* sign;      // sgn(0) = 0; with a row_stride
};
