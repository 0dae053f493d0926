// The tiles of WebAssembly, for the 16 registers of x86, of which engines keep one or two.
#pragma once
#include "shapes.h"

namespace {
using L1Shapes = Shapes<Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<1, 1>>;
using DotShapes = L1Shapes;
using HardtanhShapes = Shapes<Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using ClampShapes = HardtanhShapes;
using XnorShapes = L1Shapes;
constexpr int kDepthwiseRows = 4;

using MaxBytesShapes = Shapes<Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;
using L1ShortsShapes = MaxBytesShapes;
using Dot8Shapes = MaxBytesShapes;
using Dot7Shapes = MaxBytesShapes;
}  // namespace
