// The kernels of byte adders whose filters slide along rows: in a lane of 16 bytes lie neighboring pixels of one channel, and an
// instruction takes 3 or 4 taps of a filter to 8 windows in it, each a pixel further. Rows of a tile are filters, lanes are pixels.
//
//   planes   [ci][lanes][16]       lane l of an input row: its padded columns 8l .. 8l + 10; lanes of a row, then those of the next
//   filters  [panels][k][8][4]     k = (channel, kernel row); the four taps of each of 8 filters, the fourth 0 where there are three
//
// A fourth tap of 0 adds x[j + 3] to the sum of window j, whatever the filter: these are added up over channels here and over kernel rows
// in the tile, and taken off. What lies beyond a row cancels out with them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "peak_kernels.h"

// Of a lane, the windows that begin in it, and the pixels that these see.
constexpr size_t kLaneBytes = 16, kLanePixels = 8, kLaneReach = kLanePixels + 3;
constexpr size_t kVectorLanes = 4, kTilePixels = kVectorLanes * kLanePixels;
constexpr size_t kSlidingFilters = 8, kTapBytes = 4;  // of a tile; of a filter in one row
constexpr size_t kTapSums = kLanePixels / 2;          // of a lane, even or odd

// planes[c][l][b] = lanes[l][b][c], and the sums of fourth taps                                 l < count, c < channels, b < 11
//
//   even[l][i] = sum_c lanes[l][2i + 3][c]        odd[l][i] = sum_c lanes[l][2i + 4][c]         i < 4
//
// Whole vectors are written: up to 3 lanes more of everything.
struct PlanesArgs {
  size_t count, channels;
  const unsigned char* const* lanes;  // [count] where the first of 11 pixels lies; 15 bytes beyond the last one are readable
  unsigned char* planes;
  size_t plane_bytes;
  int32_t *even, *odd;  // [count][4]
};

// y[pixels[l] + j][i] = - sum_k sum_t |x_k[l][j + t] - filter_i[k][t]|        l < 4, j < 8, i < 8
//
// Pixels are written in this order, all 8 of a lane: what windows beyond the end of a row leave is overwritten by the next row.
struct SlidingTileArgs {
  size_t k;
  const size_t* offsets;        // [k] in bytes, of x_k
  const unsigned char* planes;  // the first lane of channel 0 and kernel row 0
  const uint32_t* filters;      // [k][8]
  size_t tap_rows, tap_stride;  // how many rows of even and odd are added up, integers between two; 0 rows where there are four taps
  const int32_t *even, *odd;    // of the first lane
  size_t pixels[kVectorLanes];
  int32_t* y;
  size_t y_stride;  // elements between two pixels
};

struct SlidingKernels {
  void (*pack_planes)(const PlanesArgs&);
  void (*tile)(const SlidingTileArgs&);
  Peak peak;  // of three taps
};
