#include "../simd/vec_avx512.h"
#include "../simd/bits_avx512.h"
#include "../simd/integer_avx512.h"
#include "../simd/quantize_avx512.h"
#include "integer_micro_ops_x86.inl.h"
#include "shapes_avx512.h"
#include "all_kernels.inl.h"

constexpr KernelTable kKernelsAvx512 = kernel_table("avx512");
