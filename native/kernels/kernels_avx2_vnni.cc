#include "kernel_table.h"
#include "../simd/dpbusd_avx2.h"
#include "integer_tile.inl.h"
#include "integer_steps_vnni.inl.h"

using Tall = Tiles<Shape<6, 2>, Shape<4, 2>, Shape<2, 2>, Shape<1, 2>, Shape<8, 1>, Shape<4, 1>, Shape<2, 1>, Shape<1, 1>>;

const IntegerProduct kKernelsAvx2Vnni = Tall::kProduct<DotBytes>;
