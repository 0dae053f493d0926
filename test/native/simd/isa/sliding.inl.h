#pragma once
#include "x86.inl.h"

namespace {
ALWAYS_INLINE u16v load_u16(const uint16_t* p) {
  u16v v;
  __builtin_memcpy(&v.v, p, sizeof v.v);
  return v;
}

constexpr SlidingPrimitives sliding_primitives() {
  SlidingPrimitives p = {};
  p.slide = [](const uint16_t* sums, const uint8_t* taps, const uint8_t* x, uint16_t* y) {
    copy_out(y, slide(load_u16(sums), load(taps), load(x)));
  };
  p.add = [](const uint16_t* a, const uint16_t* b, uint16_t* y) { copy_out(y, add(load_u16(a), load_u16(b))); };
  p.fourth_taps = [](const uint8_t* x, uint16_t* y) { copy_out(y, fourth_taps(load(x))); };
  p.even = [](const uint16_t* x, int32_t* y) { copy_out(y, even(load_u16(x))); };
  p.odd = [](const uint16_t* x, int32_t* y) { copy_out(y, odd(load_u16(x))); };
  p.load_lanes = [](const uint8_t* const(&lanes)[4], size_t offset, uint8_t* y) { store(y, load_lanes(lanes, offset)); };
  p.transpose_bytes = [](const uint8_t(*rows)[64], uint8_t(*columns)[64]) {
    i8v in[11], out[16];
    for (int i = 0; i < 11; ++i) in[i] = load(rows[i]);
    transpose_bytes(in, out);
    for (int i = 0; i < 16; ++i) store(columns[i], out[i]);
  };
  p.transpose_columns = [](const int32_t(*x)[16], int32_t(*y)[16]) {
    i32v v[8];
    for (int i = 0; i < 8; ++i) v[i] = load(x[i]);
    transpose_columns(v);
    for (int i = 0; i < 8; ++i) store(y[i], v[i]);
  };
  p.store_half = [](const int32_t* x, int half, int32_t* y) { store_half(y, load(x), half); };
  return p;
}
}  // namespace
