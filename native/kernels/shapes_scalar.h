// The tiles of plain C++, which compilers keep in 16 registers.
#pragma once
#include "shapes.h"

namespace {
using L1Shapes = Shapes<Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<4, 1>, Shape<1, 1>>;
using DotShapes = L1Shapes;
using HardtanhShapes = Shapes<Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using ClampShapes = Shapes<Shape<2, 1>, Shape<1, 1>>;
using XnorShapes = Shapes<Shape<2, 2>, Shape<1, 2>, Shape<2, 1>, Shape<1, 1>>;
constexpr int kDepthwiseRows = 2;

using L1BytesShapes = L1Shapes;
using L1ShortsShapes = L1Shapes;
using Dot8Shapes = L1Shapes;
using Dot7Shapes = L1Shapes;
}  // namespace
