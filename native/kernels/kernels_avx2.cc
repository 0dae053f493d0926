#include "../simd/vec_avx2.h"
#include "../simd/bits_avx2.h"
#include "../simd/integer_avx2.h"
#include "../simd/quantize_avx2.h"
#include "integer_micro_ops_x86.inl.h"
#include "shapes_avx2.h"
#include "all_kernels.inl.h"
#include "vmpsadbw_peak.inl.h"

constexpr KernelTable kKernelsAvx2 =
    with_vmpsadbw(kernel_table("avx2", byte_adder<Psadbw, L1BytesShapes>("psadbw"), byte_adder<MaxMaddubs, MaxDotShapes>("max_dot"),
                               byte_adder<MixedMaddubs, MixedShapes>("mixed")));
