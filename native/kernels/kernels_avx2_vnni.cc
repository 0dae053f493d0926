#include "kernel_table.h"
#include "../simd/dpbusd_avx2.h"
#include "integer_micro_ops_vnni.inl.h"
#include "shapes_avx2.h"

constexpr IntegerProduct kKernelsAvx2Vnni = integer_product<DotBytes, Dot8Shapes>();
