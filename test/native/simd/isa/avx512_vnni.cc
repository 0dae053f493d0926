#include "simd/vnni_avx512.h"
#include "../primitives.h"

namespace {
constexpr VnniPrimitives vnni_primitives() {
  VnniPrimitives p = {};
  p.bytes = i8v::kBytes;
  p.dpbusd = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) { store(y, dpbusd(load(sum), load(x), load(w))); };
  p.dpwssd = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) { store(y, dpwssd(load(sum), load(x), load(w))); };
  return p;
}
}  // namespace

constexpr Primitives kPrimitivesAvx512Vnni = {"avx512_vnni", {}, {}, {}, {}, vnni_primitives(), {}, {}, {}};
