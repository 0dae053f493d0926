#include "../simd/vec_sse41.h"
#include "../simd/bits_sse41.h"
#include "../simd/integer_sse41.h"
#include "../simd/quantize_sse41.h"
#include "integer_micro_ops_x86.inl.h"
#include "shapes_sse41.h"
#include "all_kernels.inl.h"

constexpr KernelTable kKernelsSse41 = kernel_table("sse41", byte_adder<Psadbw, L1BytesShapes>("psadbw"));
