#include "kernel_table.h"
#include "../simd/vnni_avx512.h"
#include "integer_micro_ops_vnni.inl.h"
#include "shapes_avx512.h"

constexpr VnniKernels kKernelsAvx512Vnni = {integer_product<MaxDpbusd, MaxDotShapes>(), integer_product<MixedDpbusd, MixedShapes>(),
                                            integer_product<MaxDpwssd, L1ShortsShapes>(), integer_product<DotPairs, Dot8Shapes>()};
