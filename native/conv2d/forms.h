// The three forms in which conv2d/conv2d.cc runs a convolution, and what they are made from.
#pragma once
#include <memory>

#include "../gemm/tile_set.h"
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "conv2d.h"
#include "shape.h"

// What a form packs. The table outlives it; the rest is copied.
struct Packing {
  const KernelTable& kernels;
  const Product& product;  // kernels.l1 or kernels.dot
  ThreadPool& pool;
  const Conv2dShape& shape;
  const float* w;
  const Epilogue epilogue;
};

// Rows are pixels, and panels hold output channels.
std::unique_ptr<PackedConv2d> pack_pixel_rows(const Packing& p, const TileSet<ProductTile>& tiles);
// Rows are filters, and panels hold pixels of one output row: for few output channels.
std::unique_ptr<PackedConv2d> pack_filter_rows(const Packing& p, const TileSet<ProductTile>& tiles);
// Lanes are channels.
std::unique_ptr<PackedConv2d> pack_depthwise(const Packing& p);
