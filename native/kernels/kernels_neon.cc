#include "../simd/vec_neon.h"
#include "../simd/bits_neon.h"
#include "../simd/integer_neon.h"
#include "../simd/quantize_neon.h"
#include "integer_micro_ops_neon.inl.h"
#include "shapes_neon.h"
#include "all_kernels.inl.h"

constexpr KernelTable kKernelsNeon = kernel_table("neon", byte_adder<L1Bytes, L1BytesShapes>("uabd"));
