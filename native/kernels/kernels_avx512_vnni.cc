#include "kernel_table.h"
#include "../simd/dpbusd_avx512.h"
#include "integer_tile.inl.h"
#include "integer_steps_vnni_pairs.inl.h"

using Wide = Tiles<Shape<6, 4>, Shape<4, 4>, Shape<2, 4>, Shape<1, 4>, Shape<10, 2>, Shape<8, 2>, Shape<6, 2>, Shape<4, 2>, Shape<2, 2>,
                   Shape<1, 2>, Shape<12, 1>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;

const IntegerProduct kKernelsAvx512Vnni = Wide::kProduct<DotPairs>;
