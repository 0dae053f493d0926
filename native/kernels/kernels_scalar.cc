#include "../simd/vec_scalar.h"
#include "../simd/bits_scalar.h"
#include "../simd/integer_scalar.h"
#include "../simd/quantize_scalar.h"
#include "integer_micro_ops_scalar.inl.h"
#include "shapes_scalar.h"
#include "all_kernels.inl.h"

constexpr KernelTable kKernelsScalar = kernel_table("scalar", byte_adder<L1Bytes, L1BytesShapes>("scalar"));
