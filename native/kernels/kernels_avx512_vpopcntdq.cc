#include "kernel_table.h"
#include "../simd/vec_avx512.h"
#include "../simd/bits_avx512.h"
#include "shapes_avx512.h"
#include "xnor_tile.inl.h"

constexpr XnorKernels kKernelsAvx512Vpopcntdq = kXnor;
