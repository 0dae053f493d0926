// The tiles of AVX2; those of AVX-VNNI are Dot8Shapes.
#pragma once
#include "shapes_x86.h"

namespace {
using L1Shapes =
    Shapes<Shape<5, 2>, Shape<4, 2>, Shape<3, 2>, Shape<2, 2>, Shape<1, 2>, Shape<12, 1>, Shape<6, 1>, Shape<3, 1>, Shape<1, 1>>;
using DotShapes = Shapes<Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<12, 1>, Shape<6, 1>, Shape<3, 1>, Shape<1, 1>>;
}  // namespace
