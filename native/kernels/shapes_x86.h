// The tiles that SSE4.1 and AVX2 share, for 16 registers of either width.
#pragma once
#include "shapes.h"

namespace {
using HardtanhShapes = Shapes<Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using ClampShapes = HardtanhShapes;
using XnorShapes = Shapes<Shape<5, 2>, Shape<3, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<1, 1>>;
constexpr int kDepthwiseRows = 4;

using L1BytesShapes = Shapes<Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using MaxDotShapes =
    Shapes<Shape<5, 2>, Shape<4, 2>, Shape<3, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using MixedShapes =
    Shapes<Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;  // one row in four differs
using L1ShortsShapes = MaxDotShapes;
using Dot8Shapes = L1BytesShapes;
using Dot7Shapes = Shapes<Shape<5, 2>, Shape<3, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
}  // namespace
