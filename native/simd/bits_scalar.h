// Scalar primitives for signs packed in bits, and what each means: xnor_tile.inl.h shows how they are used.
#pragma once
#include <cstddef>
#include <cstdint>

#include "vec_scalar.h"

namespace {
constexpr int kSignsPerWord = 32;
constexpr int kCountRegisters = 3;          // registers of a micro-op besides the counts and the panel
constexpr size_t kMaxCountIterations = 31;  // of k, after which a byte of counts may be full: 31 * 8 < 256

struct b32v {
  static constexpr int N = 1;  // lanes of 32 bits: signs, or counts
  uint32_t v;
};
ALWAYS_INLINE b32v load_words(const uint32_t* p) { return {*p}; }  // any alignment
ALWAYS_INLINE b32v broadcast_signs(uint32_t x) { return {x}; }
ALWAYS_INLINE b32v add(b32v a, b32v b) { return {a.v + b.v}; }
ALWAYS_INLINE b32v sub(b32v a, b32v b) { return {a.v - b.v}; }
ALWAYS_INLINE f32v to_float(b32v a) { return {static_cast<float>(static_cast<int32_t>(a.v))}; }
// counts + the number of bits in which x and w differ, byte by byte
ALWAYS_INLINE b32v count_differences(b32v counts, b32v x, b32v w) {
  uint32_t bits = x.v ^ w.v;
  bits -= bits >> 1 & 0x55555555;
  bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
  return {counts.v + ((bits + (bits >> 4)) & 0x0f0f0f0f)};
}
// The sum of the four bytes of each lane.
ALWAYS_INLINE b32v sum_bytes(b32v counts) {
  const uint32_t halves = (counts.v & 0x00ff00ff) + (counts.v >> 8 & 0x00ff00ff);
  return {(halves & 0xffff) + (halves >> 16)};
}
// Bit l is set where lane l < 0: not for -0, not for NaN.
ALWAYS_INLINE uint32_t negative_lanes(f32v a) { return a.v < 0; }
}  // namespace
