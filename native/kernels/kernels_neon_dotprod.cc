#include "kernel_table.h"
#include "../simd/dotprod_neon.h"
#include "integer_tile.inl.h"
#include "integer_steps_dotprod.inl.h"

using Wide = Tiles<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<8, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>,
                   Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;

const IntegerKernels kKernelsNeonDotprod = {Wide::kProduct<DotprodL1Bytes>, Wide::kProduct<L1Shorts>, Wide::kProduct<DotprodBytes>,
                                            Wide::kProduct<DotprodBytes>};
