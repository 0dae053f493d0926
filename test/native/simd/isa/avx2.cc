#include "simd/vec_avx2.h"
#include "simd/bits_avx2.h"
#include "simd/integer_avx2.h"
#include "simd/quantize_avx2.h"
#include "bits.inl.h"
#include "floats.inl.h"
#include "integers.inl.h"
#include "x86.inl.h"

constexpr Primitives kPrimitivesAvx2 = {"avx2", float_primitives(), bit_primitives(), integer_primitives(), x86_primitives(), {}, {}, {},
                                        {}};
