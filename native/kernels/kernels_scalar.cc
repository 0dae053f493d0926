#include "kernel_table.h"
#include "../simd/vec_scalar.h"
#include "../simd/bits_scalar.h"
#include "../simd/integer_scalar.h"
#include "../simd/quantize_scalar.h"
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
#include "integer_steps_scalar.inl.h"
#include "quantize.inl.h"

static constexpr ProductTile kL1Tiles[] = {kTile<L1, 4, 2>, kTile<L1, 2, 2>, kTile<L1, 1, 2>, kTile<L1, 4, 1>, kTile<L1, 1, 1>, {}};
template <bool kStrided>
static constexpr ProductTile kDotTiles[] = {kTile<Dot, 4, 2, kStrided>, kTile<Dot, 2, 2, kStrided>, kTile<Dot, 1, 2, kStrided>,
                                            kTile<Dot, 4, 1, kStrided>, kTile<Dot, 1, 1, kStrided>, {}};
static constexpr Product kL1 = {L1::kNeedsSums, kL1Tiles, kDepthwiseTile<L1, 2>, peak<ProductStep<L1>>};
static constexpr Product kDot = {Dot::kNeedsSums, kDotTiles<false>, kDepthwiseTile<Dot, 2>, peak<ProductStep<Dot>>};
static constexpr ProductTile kHardtanhTiles[] = {kHardtanhTile<4, 1>, kHardtanhTile<2, 1>, kHardtanhTile<1, 1>, {}};
static constexpr ProductTile kSignTiles[] = {kSignTile<2, 1>, kSignTile<1, 1>, {}};
static constexpr GradientKernels kGradient = {kDotTiles<true>, kHardtanhTiles, kSignTiles};
static constexpr XnorTile kXnorTiles[] = {kXnorTile<2, 2>, kXnorTile<1, 2>, kXnorTile<2, 1>, kXnorTile<1, 1>, {}};
static constexpr XnorKernels kXnor = {kSignsPerWord, pack_signs, kXnorTiles, peak<SignStep>};

using Scalar = Tiles<Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<4, 1>, Shape<1, 1>>;
static constexpr IntegerKernels kIntegers = {Scalar::kProduct<IntegerL1>, Scalar::kProduct<IntegerL1>, Scalar::kProduct<IntegerDot>,
                                             Scalar::kProduct<IntegerDot>};

const KernelTable kKernelsScalar = {"scalar",  kL1,       kDot,     peak<ProductStep<Addition>>, kLayout, kElementwise, kGradient, kXnor,
                                    kTraining, kIntegers, kQuantize};
