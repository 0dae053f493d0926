#include "convolve.h"

#include "convolve_forms.h"

namespace {
// Filter rows cost a transposition of the input and of the output besides; measured at 8 to 15 % on 16-channel layers.
constexpr double kTransposeCost = 1.1;

Status convolve(const KernelTable& kernels, const Product& product, ThreadPool& pool, const ConvShape& s, const float* x, const float* w,
                const float* bias, float* y) {
  const Convolution c = {kernels, product, pool, s, x, w, bias, y};
  if (s.depthwise()) return convolve_depthwise(c);
  const TileColumn pixel_rows = choose_tiles(product.tiles, s.n * s.ho * s.wo, s.group_co);
  const TileColumn filter_rows = choose_tiles(product.tiles, s.group_co, s.wo);
  if (filter_rows.cost * kTransposeCost < pixel_rows.cost) return convolve_filter_rows(c, filter_rows);
  return convolve_pixel_rows(c, pixel_rows);
}
}  // namespace

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* x, const float* w, const float* bias,
                    float* y) {
  return convolve(kernels, kernels.l1, pool, s, x, w, bias, y);
}

Status conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* x, const float* w, const float* bias,
              float* y) {
  return convolve(kernels, kernels.dot, pool, s, x, w, bias, y);
}
