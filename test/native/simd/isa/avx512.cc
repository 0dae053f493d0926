#include "simd/vec_avx512.h"
#include "simd/bits_avx512.h"
#include "simd/integer_avx512.h"
#include "simd/dbsad_avx512.h"
#include "simd/quantize_avx512.h"
#include "bits.inl.h"
#include "floats.inl.h"
#include "integers.inl.h"
#include "sliding.inl.h"
#include "x86.inl.h"

constexpr Primitives kPrimitivesAvx512 = {
    "avx512", float_primitives(), bit_primitives(), integer_primitives(), x86_primitives(), {}, {}, {}, {}, sliding_primitives()};
