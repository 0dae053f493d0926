// The kernels of integer convolutions: exact sums of distances or of products, one tile at a time.
#pragma once
#include <cstddef>
#include <cstdint>

#include "peak_kernels.h"

// One tile over a block of k, all sums in registers:
//
//   y[i][j] = - sum_k |row_i[k] - panel[k][j]|    l1: the adder network
//   y[i][j] =   sum_k row_i[k] * panel[k][j]      dot: the multiplication network          i < rows, j < columns
//
// k advances by *words*: the word_bytes that an instruction adds up within one lane. A word of a row is broadcast, a vector of the panel
// holds one word for each of several output channels. Every run has words of its own: the last is filled up with zeros in the panel and
// masked in the row, whose next bytes are another pixel's.
//
//   panel [word][nr][word_bytes]
struct IntegerTileArgs {
  size_t rows, columns;            // how many of mr x nr to write
  size_t runs, words;              // this block of k; words of each run, without the one in part
  uint64_t tail;                   // bytes of one word more at the end of each run, as a mask; 0: there is none
  const void* const* row_origins;  // [mr], all readable: where rows < mr the last is repeated
  const size_t* row_offsets;       // [runs] in bytes
  const unsigned char* panel;
  const int32_t* offsets;  // [nr] weight_factor * sum_k panel[k][j] over all blocks, read by the first
  bool first;              // block of k: the first overwrites y, the others add to it
  int32_t* y;
  size_t y_stride;  // elements between y[i] and y[i + 1]
};
struct IntegerTile {
  int mr, nr;
  void (*run)(const IntegerTileArgs&);
};

// What lies in rows and panels.
enum class IntegerOperands {
  kAsTheyAre,
  kSignedBytes,  // x of 8 bits less 128, for instructions that want both operands signed; 128 * sum w makes up for it
  kWidened,      // both operands as int16
};

struct IntegerProduct {
  size_t word_bytes;
  size_t most_words;  // of a block of k: what lanes hold without overflow, or what a cache holds of a panel
  IntegerOperands operands;
  int32_t weight_factor;     // of the offsets
  const IntegerTile* tiles;  // ordered and ended like Product::tiles
  Peak peak;
};

struct IntegerKernels {
  IntegerProduct l1_8;   // bytes without sign
  IntegerProduct l1_16;  // int16
  IntegerProduct dot_8;  // x bytes without sign, w signed, exact
  IntegerProduct dot_7;  // the same where every w is in [-64, 63]
};
