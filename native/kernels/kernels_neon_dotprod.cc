#include "kernel_table.h"
#include "../simd/dotprod_neon.h"
#include "integer_micro_ops_dotprod.inl.h"
#include "shapes_neon.h"

namespace {
constexpr IntegerKernels dotprod_kernels() {
  IntegerKernels kernels = integer_kernels<L1Shorts, L1ShortsShapes>(byte_adder<DotprodL1Bytes, L1BytesShapes>("uabd"));
  kernels.dot_8 = kernels.dot_7 = integer_product<DotprodBytes, L1BytesShapes>();
  return kernels;
}
}  // namespace

constexpr IntegerKernels kKernelsNeonDotprod = dotprod_kernels();
