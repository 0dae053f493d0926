#include "simd/vec_wasm.h"
#include "simd/bits_wasm.h"
#include "simd/integer_wasm.h"
#include "simd/quantize_wasm.h"
#include "bits.inl.h"
#include "floats.inl.h"
#include "integers.inl.h"

namespace {
ALWAYS_INLINE i8v load_shorts(const int16_t* p) { return {wasm_v128_load(p)}; }
template <class Vector>
ALWAYS_INLINE void copy_out(void* y, const Vector& v) {
  wasm_v128_store(y, v.v);
}

template <class Sum, class T>
void four_row_sums(const T* rows, size_t chunks, int32_t* y) {
  Sum sum[4] = {};
  for (size_t i = 0; i < 4 * chunks; ++i) sum[i / chunks].add(rows + i * Sum::kElems);
  store_row_sums(y, sum);
}

constexpr WasmPrimitives wasm_primitives() {
  WasmPrimitives p = {};
  p.copy = [](const uint8_t* x, uint8_t* y) { copy_out(y, load(x)); };
  p.broadcast_u32 = [](uint32_t x, uint8_t* y) { copy_out(y, broadcast_group(x)); };
  p.bit_and = [](const uint8_t* a, const uint8_t* b, uint8_t* y) { copy_out(y, bit_and(load(a), load(b))); };
  p.sub_i32 = [](const int32_t* a, const int32_t* b, int32_t* y) { store(y, sub(load(a), load(b))); };
  p.max_i16 = [](const int16_t* a, const int16_t* b, int16_t* y) { copy_out(y, max_i16(load_shorts(a), load_shorts(b))); };
  p.max_u8 = [](const uint8_t* a, const uint8_t* b, uint8_t* y) { copy_out(y, max_u8(load(a), load(b))); };
  p.add_i16 = [](const int16_t* a, const int16_t* b, int16_t* y) { copy_out(y, add_i16(load_shorts(a), load_shorts(b))); };
  p.broadcast_i16 = [](int16_t x, int16_t* y) { copy_out(y, broadcast_i16(x)); };
  p.add_u8_pairs = [](const uint8_t* a, uint16_t* y) { copy_out(y, add_u8_pairs(load(a))); };
  p.add_u16_pairs = [](const uint16_t* a, int32_t* y) { store(y, add_u16_pairs(i8v{wasm_v128_load(a)})); };
  p.madd_i16 = [](const int16_t* a, const int16_t* b, int32_t* y) { store(y, madd_i16(load_shorts(a), load_shorts(b))); };
  p.sums_of_16_bytes = [](const uint8_t* x, int32_t* y) { store(y, sums_of_16_bytes(x)); };
  p.byte_row_sums = four_row_sums<ByteRowSum, uint8_t>;
  p.short_row_sums = four_row_sums<ShortRowSum, int16_t>;
  return p;
}
}  // namespace

constexpr Primitives kPrimitivesWasmSimd128 = {
    "wasm_simd128", float_primitives(), bit_primitives(), integer_primitives(), {}, {}, {}, {}, {}, {}, wasm_primitives()};
