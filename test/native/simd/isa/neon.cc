#include "simd/vec_neon.h"
#include "simd/bits_neon.h"
#include "simd/integer_neon.h"
#include "simd/quantize_neon.h"
#include "bits.inl.h"
#include "floats.inl.h"
#include "integers.inl.h"

namespace {
constexpr NeonPrimitives neon_primitives() {
  NeonPrimitives p = {};
  p.copy = [](const uint8_t* x, uint8_t* y) { vst1q_u8(y, load(x).v); };
  p.broadcast_u32 = [](uint32_t x, uint8_t* y) { vst1q_u8(y, broadcast_group(x).v); };
  p.broadcast_u16 = [](uint16_t x, uint8_t* y) { vst1q_u8(y, broadcast_group(x).v); };
  p.bit_and = [](const uint8_t* a, const uint8_t* b, uint8_t* y) { vst1q_u8(y, bit_and(load(a), load(b)).v); };
  p.negate = [](const int32_t* x, int32_t* y) { store(y, negate(load(x))); };
  p.add_distances8 = [](const uint16_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) {
    i32v low, high;
    widen(add_distances8(u16v{vld1q_u16(sum)}, load(x), load(w)), low, high);
    store(y, low);
    store(y + 4, high);
  };
  p.add_distances16 = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) {
    store(y, add_distances16(load(sum), load(x), load(w)));
  };
  p.add_products16 = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) {
    const i32pair sums = add_products16(i32pair{load(sum).v, load(sum + 4).v}, load(x), load(w));
    store(y, i32v{sums.low});
    store(y + 4, i32v{sums.high});
  };
  return p;
}
}  // namespace

constexpr Primitives kPrimitivesNeon = {"neon", float_primitives(), bit_primitives(), integer_primitives(), {}, {}, neon_primitives(), {},
                                        {}};
