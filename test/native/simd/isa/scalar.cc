#include "simd/vec_scalar.h"
#include "simd/bits_scalar.h"
#include "simd/integer_scalar.h"
#include "simd/quantize_scalar.h"
#include "bits.inl.h"
#include "floats.inl.h"
#include "integers.inl.h"

namespace {
constexpr ScalarIntegerPrimitives scalar_primitives() {
  ScalarIntegerPrimitives p = {};
  p.load = [](const uint8_t* x) { return load(x).v; };
  p.broadcast = [](uint16_t x) { return broadcast_group(x).v; };
  p.bit_and = [](uint16_t a, uint16_t b) { return bit_and(broadcast_group(a), broadcast_group(b)).v; };
  p.abs_diff = [](uint16_t a, uint16_t b) { return abs_diff(broadcast_group(a), broadcast_group(b)).v; };
  p.mul = [](uint16_t a, uint16_t b) { return mul(broadcast_group(a), broadcast_group(b)).v; };
  p.negative = [](int32_t x) { return sub(zero(), i32v{x}).v; };
  return p;
}
}  // namespace

constexpr Primitives kPrimitivesScalar = {"scalar", float_primitives(), bit_primitives(), integer_primitives(), {}, {}, {},
                                          {},       scalar_primitives()};
