#include "simd/dpbusd_avx512.h"
#include "../primitives.h"

namespace {
constexpr VnniPrimitives vnni_primitives() {
  VnniPrimitives p = {};
  p.bytes = i8v::kBytes;
  p.dpbusd = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) { store(y, dpbusd(load(sum), load(x), load(w))); };
  p.add_pairs = [](const int32_t* a, const int32_t* b, int32_t* y) { store(y, add_pairs(load(a), load(b))); };
  return p;
}
}  // namespace

constexpr Primitives kPrimitivesAvx512Vnni = {"avx512_vnni", {}, {}, {}, {}, vnni_primitives(), {}, {}, {}};
