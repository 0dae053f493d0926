#include "kernel_table.h"
#include "../simd/vec_neon.h"
#include "../simd/bits_neon.h"
#include "../simd/integer_neon.h"
#include "../simd/quantize_neon.h"
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
#include "integer_steps_neon.inl.h"
#include "quantize.inl.h"

static constexpr ProductTile kL1Tiles[] = {kTile<L1, 5, 4>,
                                           kTile<L1, 4, 4>,
                                           kTile<L1, 2, 4>,
                                           kTile<L1, 1, 4>,
                                           kTile<L1, 8, 2>,
                                           kTile<L1, 4, 2>,
                                           kTile<L1, 2, 2>,
                                           kTile<L1, 1, 2>,
                                           kTile<L1, 8, 1>,
                                           kTile<L1, 4, 1>,
                                           kTile<L1, 2, 1>,
                                           kTile<L1, 1, 1>,
                                           {}};
template <bool kStrided>
static constexpr ProductTile kDotTiles[] = {kTile<Dot, 5, 4, kStrided>,
                                            kTile<Dot, 4, 4, kStrided>,
                                            kTile<Dot, 2, 4, kStrided>,
                                            kTile<Dot, 1, 4, kStrided>,
                                            kTile<Dot, 8, 2, kStrided>,
                                            kTile<Dot, 4, 2, kStrided>,
                                            kTile<Dot, 2, 2, kStrided>,
                                            kTile<Dot, 1, 2, kStrided>,
                                            kTile<Dot, 8, 1, kStrided>,
                                            kTile<Dot, 4, 1, kStrided>,
                                            kTile<Dot, 2, 1, kStrided>,
                                            kTile<Dot, 1, 1, kStrided>,
                                            {}};
static constexpr Product kL1 = {L1::kNeedsSums, kL1Tiles, kDepthwiseTile<L1, 4>, peak<ProductStep<L1>>};
static constexpr Product kDot = {Dot::kNeedsSums, kDotTiles<false>, kDepthwiseTile<Dot, 4>, peak<ProductStep<Dot>>};
static constexpr ProductTile kHardtanhTiles[] = {kHardtanhTile<8, 1>, kHardtanhTile<4, 1>, kHardtanhTile<2, 1>, kHardtanhTile<1, 1>, {}};
static constexpr ProductTile kSignTiles[] = {kSignTile<6, 1>, kSignTile<4, 1>, kSignTile<2, 1>, kSignTile<1, 1>, {}};
static constexpr GradientKernels kGradient = {kDotTiles<true>, kHardtanhTiles, kSignTiles};
static constexpr XnorTile kXnorTiles[] = {kXnorTile<4, 4>, kXnorTile<2, 4>, kXnorTile<1, 4>, kXnorTile<8, 2>,
                                          kXnorTile<4, 2>, kXnorTile<2, 2>, kXnorTile<1, 2>, kXnorTile<8, 1>,
                                          kXnorTile<4, 1>, kXnorTile<2, 1>, kXnorTile<1, 1>, {}};
static constexpr XnorKernels kXnor = {kSignsPerWord, pack_signs, kXnorTiles, peak<SignStep>};

using Wide = Tiles<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>,
                   Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using Pairs = Tiles<Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
static constexpr IntegerKernels kIntegers = {Wide::kProduct<L1Bytes>, Wide::kProduct<L1Shorts>, Pairs::kProduct<DotShorts>,
                                             Pairs::kProduct<DotShorts>};

const KernelTable kKernelsNeon = {"neon",    kL1,       kDot,     peak<ProductStep<Addition>>, kLayout, kElementwise, kGradient, kXnor,
                                  kTraining, kIntegers, kQuantize};
