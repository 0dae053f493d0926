// The tiles of AVX-512, for 32 registers; those of VPOPCNTDQ are XnorShapes, those of VNNI Dot8Shapes.
#pragma once
#include "shapes.h"

namespace {
using L1Shapes = Shapes<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>,
                        Shape<14, 1>, Shape<7, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using DotShapes =
    Shapes<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 3>, Shape<6, 3>, Shape<4, 3>, Shape<2, 3>, Shape<1, 3>, Shape<8, 2>,
           Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<14, 1>, Shape<7, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using HardtanhShapes = Shapes<Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using ClampShapes = Shapes<Shape<6, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using XnorShapes = Shapes<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>,
                          Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
constexpr int kDepthwiseRows = 4;

using L1BytesShapes = Shapes<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<10, 2>, Shape<8, 2>, Shape<6, 2>, Shape<4, 2>,
                             Shape<2, 2>, Shape<1, 2>, Shape<12, 1>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using MaxDotShapes = L1BytesShapes;
using MixedShapes = Shapes<Shape<10, 2>, Shape<8, 2>, Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<12, 1>, Shape<8, 1>,
                           Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using L1ShortsShapes = L1BytesShapes;
using Dot8Shapes = L1BytesShapes;
using Dot7Shapes = Shapes<Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>,
                          Shape<12, 1>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
}  // namespace
