// The tile of filters that slide along rows: 8 filters x a vector of 32 pixels (SlidingTileArgs), and the planes that it reads.
#pragma once
#include "kernel_table.h"
#include "peak.inl.h"

namespace {
// A sum of 16 bits holds so many iterations of k: 64 * 4 * 255 < 2^16.
constexpr size_t kMaxSlidingIterations = 64;

// Lanes of 16 bits as two vectors of 32.
struct EvenOdd {
  i32v even, odd;
};

// Takes [filters][pixels of four lanes] to y.
ALWAYS_INLINE void write_pixels(const SlidingTileArgs& a, const EvenOdd (&total)[kSlidingFilters]) {
  i32v even[kSlidingFilters], odd[kSlidingFilters];
  UNROLL for (size_t i = 0; i < kSlidingFilters; ++i) even[i] = total[i].even, odd[i] = total[i].odd;
  transpose_columns(even);
  transpose_columns(odd);
  const size_t stride = a.y_stride;
  UNROLL for (int l = 0; l < 4; ++l) {
    int32_t* pixel = a.y + a.pixels[l] * stride;
    UNROLL for (int e = 0; e < 4; ++e, pixel += 2 * stride) {
      store_half(pixel, even[2 * e + l / 2], l % 2);
      store_half(pixel + stride, odd[2 * e + l / 2], l % 2);
    }
  }
}

// Totals of 32 bits and sums of 16 are 24 registers: with a second vector of pixels totals would go to memory, which costs 6 to 12 %.
void sliding_tile(const SlidingTileArgs& a) {
  EvenOdd fourth_taps = {}, total[kSlidingFilters];
  for (size_t r = 0; r < a.tap_rows; ++r)
    fourth_taps = {add(fourth_taps.even, load(a.even + r * a.tap_stride)), add(fourth_taps.odd, load(a.odd + r * a.tap_stride))};
  UNROLL for (size_t i = 0; i < kSlidingFilters; ++i) total[i] = fourth_taps;
  for (size_t p = 0; p < a.k;) {
    const size_t end = a.k - p < kMaxSlidingIterations ? a.k : p + kMaxSlidingIterations;
    u16v sum[kSlidingFilters] = {};
    do {
      const i8v x = load(a.planes + a.offsets[p]);
      const uint32_t* const filters = a.filters + p * kSlidingFilters;
      UNROLL for (size_t i = 0; i < kSlidingFilters; ++i) sum[i] = slide(sum[i], broadcast_group(filters[i]), x);
    } while (++p < end);
    UNROLL for (size_t i = 0; i < kSlidingFilters; ++i) total[i] = {sub(total[i].even, even(sum[i])), sub(total[i].odd, odd(sum[i]))};
  }
  write_pixels(a, total);
}

void pack_planes(const PlanesArgs& a) {
  const size_t channels = a.channels, plane_bytes = a.plane_bytes;  // copies: stores to planes might change what `a` refers to
  for (size_t l = 0; l < a.count; l += kVectorLanes) {
    const unsigned char* first[kVectorLanes];
    UNROLL for (size_t i = 0; i < kVectorLanes; ++i) first[i] = a.lanes[l + i < a.count ? l + i : a.count - 1];
    unsigned char* out = a.planes + l * kLaneBytes;
    EvenOdd sums = {};
    for (size_t c = 0; c < channels; c += kLaneBytes) {
      i8v pixels[kLaneReach], x[kLaneBytes];
      size_t at = c;
      UNROLL for (size_t i = 0; i < kLaneReach; ++i, at += channels) {
        asm("" : "+r"(at));  // one index, where gcc would keep 11
        pixels[i] = load_lanes(first, at);
      }
      transpose_bytes(pixels, x);
      u16v taps = {};
      UNROLL for (size_t i = 0; i < kLaneBytes; ++i) {
        if (c + i >= channels) break;
        store(out, x[i]);
        out += plane_bytes;
        taps = add(taps, fourth_taps(x[i]));
      }
      sums = {add(sums.even, even(taps)), add(sums.odd, odd(taps))};
    }
    store(a.even + l * kTapSums, sums.even);
    store(a.odd + l * kTapSums, sums.odd);
  }
}

// For peaks (peak.inl.h): three taps of use in four.
struct SlidingMicroOp {
  using Operand = i8v;
  using Sum = u16v;
  static constexpr int kSums = kPeakSums;
  static constexpr size_t kElems = i8v::kBytes / 2 * 3;
  static ALWAYS_INLINE i8v operand() { return i8v{}; }
  ALWAYS_INLINE Sum operator()(Sum sums, i8v x, i8v taps, int) const { return slide(sums, taps, x); }
};

constexpr SlidingKernels kSliding = {pack_planes, sliding_tile, peak<SlidingMicroOp>};
constexpr KernelTable with_sliding(KernelTable table) {
  table.integer.sliding = &kSliding;
  return table;
}
}  // namespace
