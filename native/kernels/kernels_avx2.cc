#include "kernel_table.h"
#include "../simd/vec_avx2.h"
#include "../simd/bits_avx2.h"
#include "../simd/integer_avx2.h"
#include "../simd/quantize_avx2.h"
#include "products.inl.h"
#include "product_tile.inl.h"
#include "depthwise_tile.inl.h"
#include "layout.inl.h"
#include "elementwise.inl.h"
#include "gradient_tile.inl.h"
#include "xnor_tile.inl.h"
#include "peak.inl.h"
#include "training.inl.h"
#include "integer_tile.inl.h"
#include "integer_steps_x86.inl.h"
#include "quantize.inl.h"

static constexpr ProductTile kL1Tiles[] = {kTile<L1, 5, 2>, kTile<L1, 3, 2>,  kTile<L1, 2, 2>,
                                           kTile<L1, 1, 2>, kTile<L1, 12, 1>, kTile<L1, 6, 1>,
                                           kTile<L1, 3, 1>, kTile<L1, 1, 1>,  {}};
template <bool kStrided>
static constexpr ProductTile kDotTiles[] = {kTile<Dot, 6, 2, kStrided>, kTile<Dot, 4, 2, kStrided>,  kTile<Dot, 2, 2, kStrided>,
                                            kTile<Dot, 1, 2, kStrided>, kTile<Dot, 12, 1, kStrided>, kTile<Dot, 6, 1, kStrided>,
                                            kTile<Dot, 3, 1, kStrided>, kTile<Dot, 1, 1, kStrided>,  {}};
static constexpr Product kL1 = {L1::kNeedsSums, kL1Tiles, kDepthwiseTile<L1, 4>, peak<ProductStep<L1>>};
static constexpr Product kDot = {Dot::kNeedsSums, kDotTiles<false>, kDepthwiseTile<Dot, 4>, peak<ProductStep<Dot>>};
static constexpr ProductTile kHardtanhTiles[] = {kHardtanhTile<4, 1>, kHardtanhTile<2, 1>, kHardtanhTile<1, 1>, {}};
static constexpr ProductTile kSignTiles[] = {kSignTile<4, 1>, kSignTile<2, 1>, kSignTile<1, 1>, {}};
static constexpr GradientKernels kGradient = {kDotTiles<true>, kHardtanhTiles, kSignTiles};
static constexpr XnorTile kXnorTiles[] = {kXnorTile<5, 2>, kXnorTile<3, 2>, kXnorTile<2, 2>, kXnorTile<1, 2>,
                                          kXnorTile<8, 1>, kXnorTile<4, 1>, kXnorTile<1, 1>, {}};
static constexpr XnorKernels kXnor = {kSignsPerWord, pack_signs, kXnorTiles, peak<SignStep>};

using Tall = Tiles<Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using WithOnes = Tiles<Shape<5, 2>, Shape<3, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using WithRowSums = Tiles<Shape<3, 2>, Shape<2, 2>, Shape<1, 2>, Shape<5, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
static constexpr IntegerKernels kIntegers = {Tall::kProduct<L1Bytes>, WithRowSums::kProduct<L1Shorts>, Tall::kProduct<DotShorts>,
                                             WithOnes::kProduct<DotBytes7>};

const KernelTable kKernelsAvx2 = {"avx2",    kL1,       kDot,     peak<ProductStep<Addition>>, kLayout, kElementwise, kGradient, kXnor,
                                  kTraining, kIntegers, kQuantize};
