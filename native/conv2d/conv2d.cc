#include "conv2d.h"

#include "forms.h"

namespace {
// Filter rows cost a transposition of the input and of the output besides; measured at 8 to 15 % on 16-channel layers.
constexpr double kTransposeCost = 1.1;

std::unique_ptr<PackedConv2d> pack(const Packing& p) {
  const Conv2dShape& s = p.shape;
  if (s.depthwise()) return pack_depthwise(p);
  const TileSet<ProductTile> pixel_rows = choose_tiles(p.product.tiles, s.n * s.ho * s.wo, s.group_co);
  const TileSet<ProductTile> filter_rows = choose_tiles(p.product.tiles, s.group_co, s.wo);
  if (!s.symmetric && filter_rows.cost * kTransposeCost < pixel_rows.cost) return pack_filter_rows(p, filter_rows);
  return pack_pixel_rows(p, pixel_rows);
}

Status run_once(const KernelTable& kernels, const Product& product, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w,
                const float* bias, float* y) {
  const auto packed = pack({kernels, product, pool, s, w, {bias, nullptr, nullptr, kNoActivation}});
  return packed ? packed->run({pool, s.n, x, nullptr, y}) : Status::kMemory;
}
}  // namespace

std::unique_ptr<PackedConv2d> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w,
                                                const Epilogue& epilogue) {
  return pack({kernels, kernels.l1, pool, s, w, epilogue});
}

std::unique_ptr<PackedConv2d> pack_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w,
                                          const Epilogue& epilogue) {
  return pack({kernels, kernels.dot, pool, s, w, epilogue});
}

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w, const float* bias,
                    float* y) {
  return run_once(kernels, kernels.l1, pool, s, x, w, bias, y);
}

Status conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w, const float* bias,
              float* y) {
  return run_once(kernels, kernels.dot, pool, s, x, w, bias, y);
}
