#pragma once
#include "../primitives.h"
#include "simd/row_sums_x86.h"

namespace {
template <class T, class Vector>
ALWAYS_INLINE void copy_out(T* y, const Vector& v) {
  __builtin_memcpy(y, &v.v, sizeof v.v);
}

template <class Sum, class T>
void four_row_sums(const T* rows, size_t chunks, int32_t* y) {
  Sum sum[4] = {};
  for (size_t i = 0; i < 4 * chunks; ++i) sum[i / chunks].add(rows + i * Sum::kElems);
  store_row_sums(y, sum);
}

constexpr X86Primitives x86_primitives() {
  X86Primitives p = {};
  p.bytes = i8v::kBytes;
  p.copy = [](const uint8_t* x, uint8_t* y) { copy_out(y, load(x)); };
  p.broadcast_u64 = [](uint64_t x, uint8_t* y) { copy_out(y, broadcast_group(x)); };
  p.broadcast_u32 = [](uint32_t x, uint8_t* y) { copy_out(y, broadcast_group(x)); };
  p.bit_and = [](const uint8_t* a, const uint8_t* b, uint8_t* y) { copy_out(y, bit_and(load(a), load(b))); };
  p.sad = [](const uint8_t* a, const uint8_t* b, uint64_t* y) { copy_out(y, sad(load(a), load(b))); };
  p.sub_i64 = [](const uint8_t* a, const uint8_t* b, uint64_t* y) { copy_out(y, sub_i64(load(a), load(b))); };
  p.sub_i32 = [](const int32_t* a, const int32_t* b, int32_t* y) { store(y, sub(load(a), load(b))); };
  p.low_halves = [](const uint8_t* a, const uint8_t* b, int32_t* y) { store(y, low_halves(load(a), load(b))); };
  p.max_i16 = [](const uint8_t* a, const uint8_t* b, int16_t* y) { copy_out(y, max_i16(load(a), load(b))); };
  p.max_u8 = [](const uint8_t* a, const uint8_t* b, uint8_t* y) { copy_out(y, max_u8(load(a), load(b))); };
  p.add_i16 = [](const uint8_t* a, const uint8_t* b, int16_t* y) { copy_out(y, add_i16(load(a), load(b))); };
  p.broadcast_i8 = [](int8_t x, uint8_t* y) { copy_out(y, broadcast_i8(x)); };
  p.broadcast_i16 = [](int16_t x, int16_t* y) { copy_out(y, broadcast_i16(x)); };
  p.add_pairs = [](const int32_t* a, const int32_t* b, int32_t* y) { store(y, add_pairs(load(a), load(b))); };
  p.sums_of_16_bytes = [](const uint8_t* x, int32_t* y) { store(y, sums_of_16_bytes(x)); };
  p.add_u16_pairs = [](const uint8_t* a, int32_t* y) { store(y, add_u16_pairs(load(a))); };
  p.byte_row_sums = four_row_sums<ByteRowSum, uint8_t>;
  p.short_row_sums = four_row_sums<ShortRowSum, int16_t>;
  p.madd_i16 = [](const uint8_t* a, const uint8_t* b, int32_t* y) { store(y, madd_i16(load(a), load(b))); };
  p.maddubs = [](const uint8_t* a, const uint8_t* b, int16_t* y) { copy_out(y, maddubs(load(a), load(b))); };
  return p;
}
}  // namespace
