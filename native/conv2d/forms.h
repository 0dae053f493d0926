// The three forms in which conv2d/conv2d.cc runs a convolution, and what they are made from.
#pragma once
#include <memory>
#include <new>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "shape.h"
#include "conv2d.h"
#include "../gemm/tiling.h"

// What a form packs. The table outlives it, the rest is copied.
struct Packing {
  const KernelTable& kernels;
  const Product& product;  // kernels.l1 or kernels.dot
  ThreadPool& pool;
  const ConvShape& shape;
  const float* w;
  const Epilogue epilogue;
};

// Rows are pixels, panels hold output channels.
std::unique_ptr<PackedConvolution> pack_pixel_rows(const Packing& p, const TileColumn& tiles);
// Rows are filters, panels hold pixels of one output row: for few output channels.
std::unique_ptr<PackedConvolution> pack_filter_rows(const Packing& p, const TileColumn& tiles);
// Lanes are channels.
std::unique_ptr<PackedConvolution> pack_depthwise(const Packing& p);

// A form made of `args`; null if it or a buffer of its own could not be had.
template <class Form, class... Args>
std::unique_ptr<PackedConvolution> packed(Args&... args) {
  std::unique_ptr<Form> form(new (std::nothrow) Form(args...));
  if (form && !form->ok()) form.reset();
  return form;
}
