// The kernels of binary convolutions: the signs of x and w packed in bits, and the differences between them counted.
#pragma once
#include <cstddef>
#include <cstdint>

#include "peak_kernels.h"

// A tile of mr windows x nr filters:
//
//   y[i][j] = alpha[j] * sum_k sgn(x_i[k]) * sgn(w_j[k]) + bias[j]          i < rows, j < columns
//           = alpha[j] * (k - 2 * popcount(x_i xor w_j)) + bias[j]
//
// Word p of window i is row_pointers[i][word_offsets[p]]. Bits of a word that stand for no sign are 0 in windows and filters alike.
struct XnorTileArgs {
  size_t rows, columns;                 // how many of mr x nr to write
  size_t words;                         // of a window, and of a filter
  const uint32_t* const* row_pointers;  // [mr], all readable
  const size_t* word_offsets;           // [words]
  const uint32_t* panel;                // [words][nr]
  int32_t k;                            // signs of a window
  const float* alpha;                   // [nr]
  const float* bias;                    // [nr] or null
  float* y;
  size_t y_stride;  // floats between y[i] and y[i + 1]
};
struct XnorTile {
  int mr, nr;
  void (*run)(const XnorTileArgs&);
};

struct XnorKernels {
  // Signs in a 32-bit word: 32, bit after bit, or 16, four in the lower half of each byte.
  int signs_per_word;
  // Bit e % 32 of bits[e / 32] is set where x[e] < 0, e < n: sgn(0), sgn(-0) and sgn(NaN) are +1. The last word is filled up with 0.
  void (*pack_signs)(size_t n, const float* x, uint32_t* bits);
  const XnorTile* tiles;  // grouped by nr, widest first, then by mr, tallest first; ends with {0, 0, nullptr}
  Peak peak;
};
