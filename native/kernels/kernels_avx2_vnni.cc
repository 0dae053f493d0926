#include "kernel_table.h"
#include "../simd/vnni_avx2.h"
#include "integer_micro_ops_vnni.inl.h"
#include "shapes_avx2.h"

constexpr VnniKernels kKernelsAvx2Vnni = {integer_product<MaxDpbusd, MaxDotShapes>(), integer_product<MixedDpbusd, MaxDotShapes>(),
                                          integer_product<MaxDpwssd, L1ShortsShapes>(), integer_product<DotBytes, Dot8Shapes>()};
