#include "simd/vec_avx512.h"
#include "simd/bits_avx512.h"
#include "bits.inl.h"

constexpr Primitives kPrimitivesAvx512Vpopcntdq = {"avx512_vpopcntdq", {}, bit_primitives(), {}, {}, {}, {}, {}, {}};
