// Float convolutions forward. x [n][h][w][ci], w [co][kh][kw][ci/groups], bias [co] or null, y [n][ho][wo][co]; y overlaps nothing.
#pragma once
#include <memory>

#include "../gemm/epilogue.h"
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "shape.h"

// What one run of a packed convolution computes.
struct Conv2dRun {
  ThreadPool& pool;
  size_t n;  // images
  const float* x;
  const float* residual;  // of the shape of y, or null
  float* y;
};

// A convolution with its filters packed once, for any number of images of one size. What w and the epilogue point to is copied.
// An image's output does not depend on the images beside it.
class PackedConv2d {
 public:
  virtual ~PackedConv2d() = default;
  virtual Status run(const Conv2dRun& run) const = 0;
  virtual size_t bytes() const = 0;
};

// Null if memory is out. The shape's n is the number of images to choose tiles for.
std::unique_ptr<PackedConv2d> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w,
                                                const Epilogue& epilogue);
std::unique_ptr<PackedConv2d> pack_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w,
                                          const Epilogue& epilogue);

// y = - sum |x - w| + bias        AdderNet, CVPR 2020, eq. 2; padding reads zeros and counts
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w, const float* bias,
                    float* y);
// y = sum x * w + bias            the CNN baseline, on the same drivers and tiles
Status conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w, const float* bias,
              float* y);
