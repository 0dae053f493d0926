#include "kernel_table.h"
#include "../simd/dpbusd_avx512.h"
#include "integer_micro_ops_vnni_pairs.inl.h"
#include "shapes_avx512.h"

constexpr IntegerProduct kKernelsAvx512Vnni = integer_product<DotPairs, Dot8Shapes>();
