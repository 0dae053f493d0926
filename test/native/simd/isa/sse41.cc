#include "simd/vec_sse41.h"
#include "simd/bits_sse41.h"
#include "simd/integer_sse41.h"
#include "simd/quantize_sse41.h"
#include "bits.inl.h"
#include "floats.inl.h"
#include "integers.inl.h"
#include "x86.inl.h"

constexpr Primitives kPrimitivesSse41 = {"sse41", float_primitives(), bit_primitives(), integer_primitives(), x86_primitives(), {}, {}, {},
                                         {}};
