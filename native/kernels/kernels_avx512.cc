#include "../simd/vec_avx512.h"
#include "../simd/bits_avx512.h"
#include "../simd/integer_avx512.h"
#include "../simd/dbsad_avx512.h"
#include "../simd/quantize_avx512.h"
#include "integer_micro_ops_x86.inl.h"
#include "shapes_avx512.h"
#include "all_kernels.inl.h"
#include "sliding_tile.inl.h"
#include "vmpsadbw_peak.inl.h"

constexpr KernelTable kKernelsAvx512 = with_sliding(
    with_vmpsadbw(kernel_table("avx512", byte_adder<Psadbw, L1BytesShapes>("psadbw"), byte_adder<MaxMaddubs, MaxDotShapes>("max_dot"),
                               byte_adder<MixedMaddubs, MixedShapes>("mixed"))));
