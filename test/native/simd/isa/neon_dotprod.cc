#include "simd/dotprod_neon.h"
#include "../primitives.h"

namespace {
constexpr DotprodPrimitives dotprod_primitives() {
  DotprodPrimitives p = {};
  p.add_four_distances = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) {
    store(y, add_four_distances(load(sum), load(x), load(w)));
  };
  p.add_four_products = [](const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y) {
    store(y, add_four_products(load(sum), load(x), load(w)));
  };
  return p;
}
}  // namespace

constexpr Primitives kPrimitivesNeonDotprod = {"neon_dotprod", {}, {}, {}, {}, {}, {}, dotprod_primitives(), {}};
