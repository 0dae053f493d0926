// Every family of kernels, in the primitives and shapes that a kernel file has included before, and the table of them.
#pragma once
#include "kernel_table.h"
#include "depthwise_tile.inl.h"
#include "elementwise.inl.h"
#include "gradient_tile.inl.h"
#include "integer_tile.inl.h"
#include "layout.inl.h"
#include "product_tile.inl.h"
#include "products.inl.h"
#include "quantize.inl.h"
#include "training.inl.h"
#include "winograd.inl.h"
#include "winograd_integer.inl.h"
#include "xnor_tile.inl.h"

namespace {
template <class P, class Shapes>
constexpr Product product() {
  Product product = {};
  product.needs_sums = P::kNeedsSums;
  product.tiles = Shapes::template tiles<ProductTiles<P, false>>;
  product.depthwise = kDepthwiseTile<P, kDepthwiseRows>;
  product.peak = peak<ProductMicroOp<P>>;
  return product;
}

template <class... ByteAdders>
constexpr KernelTable kernel_table(const char* isa, const ByteAdders&... byte_adders) {
  KernelTable table = {};
  table.isa = isa;
  table.l1 = product<L1, L1Shapes>();
  table.dot = product<Dot, DotShapes>();
  table.addition = peak<ProductMicroOp<Addition>>;
  table.layout = kLayout;
  table.elementwise = kElementwise;
#if !defined(ADDERNET_INFERENCE)
  table.gradient.dot = DotShapes::tiles<ProductTiles<Dot, true>>;
  table.gradient.hardtanh = HardtanhShapes::tiles<HardtanhTiles>;
  table.gradient.clamp = ClampShapes::tiles<ClampTiles<false>>;
  table.gradient.sign = ClampShapes::tiles<ClampTiles<true>>;
  table.winograd = kWinograd;
  table.training = kTraining;
#else
  table.winograd = kWinogradForward;
#endif
  table.xnor = kXnor;
  table.integer = integer_kernels<L1Shorts, L1ShortsShapes>(byte_adders...);
  table.integer.dot_8 = integer_product<Dot8, Dot8Shapes>();
  table.integer.dot_7 = integer_product<Dot7, Dot7Shapes>();
  table.integer.sums = kIntegerSums;
  table.winograd_integers =
      table.integer.byte_adders[0].product.operands == IntegerOperands::kWidened ? kWinogradIntegers<int16_t> : kWinogradIntegers<uint8_t>;
  table.quantization = {kQuantize<uint8_t>, kQuantize<int16_t>, center_sums};
  return table;
}
}  // namespace
