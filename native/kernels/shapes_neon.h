// The tiles of NEON, for 32 registers; those of its dot products are L1BytesShapes.
#pragma once
#include "shapes.h"

namespace {
using L1Shapes = Shapes<Shape<5, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>,
                        Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using DotShapes = L1Shapes;
using HardtanhShapes = Shapes<Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using ClampShapes = Shapes<Shape<6, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using XnorShapes = Shapes<Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>,
                          Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
constexpr int kDepthwiseRows = 4;

using L1BytesShapes = Shapes<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>,
                             Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using L1ShortsShapes = L1BytesShapes;
using Dot8Shapes = Shapes<Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using Dot7Shapes = Dot8Shapes;
}  // namespace
