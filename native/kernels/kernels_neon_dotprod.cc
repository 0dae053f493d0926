#include "kernel_table.h"
#include "../simd/dotprod_neon.h"
#include "integer_micro_ops_dotprod.inl.h"
#include "shapes_neon.h"

// l1_8, l1_16, dot_8, dot_7
constexpr IntegerKernels kKernelsNeonDotprod = {integer_product<DotprodL1Bytes, L1BytesShapes>(),
                                                integer_product<L1Shorts, L1ShortsShapes>(), integer_product<DotprodBytes, L1BytesShapes>(),
                                                integer_product<DotprodBytes, L1BytesShapes>()};
