// The transforms of Winograd adder layers, F(2x2, 3x3) (Li et al., "Winograd Algorithm for AdderNet", ICML 2021). A tile of 4x4 pixels d,
// two apart, becomes 2x2 outputs y by way of 16 positions p = (i, j):
//
//   V = B^T d B                         B^T = | 1  0 -1  0 |       A^T = | -1  1  1  0 |
//   S[p] = - sum_ci |V[p] - U[p]|             | 0  1  1  0 |             |  0  1 -1  1 |
//   y = A^T S A, centered                     | 0 -1  1  0 |
//                                             | 0  1  0 -1 |
//
// The signs are those of the paper's balanced matrices: every output adds five S and subtracts four, so that all are of one size.
//
// Centered: less the mean over the output channels of a pixel. Distances tell how far V is from everything, which all channels share and
// which differs between the outputs of a tile, and only then how far from one filter. What is shared drowns the rest in training, and it
// has no use: the mean takes it out.
#pragma once
#include <cstddef>
#include <cstdint>

#include "product_kernels.h"

constexpr size_t kWinogradPositions = 16, kWinogradOutput = 2, kWinogradInput = 4;

// From sums to output pixels, for tiles that are neighbors in a row:
//
//   y = activation((factor * (A^T sums A, centered) + channel_terms) * scale + shift (+ residual))
//
// A product with sums (Product::needs_sums) leaves sum max(V, U) in place of S: the factor is -2, the sums of U have gone through the
// transform beforehand, and those of V, the same in all channels, are not needed.
struct WinogradOutputArgs {
  size_t tiles, channels;
  size_t rows, pixels;  // that exist: 1 or 2 output rows, of 2 * tiles pixels or one less
  const float* sums;    // [16][tiles][channels], whole vectors, positions and tiles these strides apart
  size_t position_stride, tile_stride;
  float* transformed;  // [4][channels], whole vectors as far apart as the channel terms: room for A^T sums A of a tile
  float factor;
  const float* channel_terms;  // [4][channels]: of output (0, 0), (0, 1), (1, 0), (1, 1), whole vectors so far apart
  size_t channel_terms_stride;
  TileEpilogue epilogue;  // the arrays of panels but the bias, and the residual
  float* y;
  size_t y_row_stride, y_stride;  // floats between rows and between pixels
};

struct WinogradKernels {
  // v[p][t] = (B^T d B)[p] of tile t, whose first pixel is at d + t * 2 * pixel_stride; v + p * position_stride + t * channels
  void (*transform_input)(size_t tiles, size_t channels, const float* d, size_t row_stride, size_t pixel_stride, float* v,
                          size_t position_stride);
  void (*transform_output)(const WinogradOutputArgs&);
  // gs[p] = (A gy A^T)[p] of one tile, gy centered; gy points to its 4 pixels
  void (*transform_output_grad)(size_t channels, const float* const gy[4], float* gs, size_t position_stride);
  // gx += B gv B^T of one tile; gx points to its 16 pixels
  void (*transform_input_grad)(size_t channels, const float* gv, size_t position_stride, float* const gx[16]);
};

// From V of bytes, -510 to 1020, to bytes: V' = clamp((V + offset) >> shift, 0, 255). Offsets are those of a zero point and of half a step,
// so that the shift rounds.
struct WinogradRounding {
  int16_t offsets[kWinogradPositions];
  uint8_t shifts[kWinogradPositions];
};

// y = A^T (sums << shifts) A + constants, centered by the mean rounded to nearest, ties up, for tiles that are neighbors in a row.
struct WinogradSumsArgs {
  size_t tiles, channels;
  size_t channel_stride;  // of sums, constants and y, from one tile or pixel to the next
  const int32_t* sums;    // [16][tiles][channels], positions so far apart
  size_t position_stride;
  const uint8_t* shifts;     // [16], or null for zeros
  const int32_t* constants;  // [4][channels], of output (0, 0), (0, 1), (1, 0), (1, 1)
  int32_t* y;                // [2][2 * tiles][channels]
};

// v[p][t] = V' of tile t, whose first pixel is at d + t * 2 * pixel_stride; v + p * position_stride + t * channels. Tiles are written in
// order, and whole vectors: up to 64 bytes behind the last tile are overwritten, and so many read behind the last pixel.
struct WinogradIntegerKernels {
  // v: of the type that the rows of IntegerKernels::l1_8 have
  void (*transform_bytes)(size_t tiles, size_t channels, const uint8_t* d, size_t row_stride, size_t pixel_stride,
                          const WinogradRounding& rounding, void* v, size_t position_stride);
  void (*transform_shorts)(size_t tiles, size_t channels, const int16_t* d, size_t row_stride, size_t pixel_stride, int16_t* v,
                           size_t position_stride);
  void (*transform_sums)(const WinogradSumsArgs&);
};
