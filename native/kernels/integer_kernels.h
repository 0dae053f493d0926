// The kernels of integer convolutions: exact sums of distances or of products, one tile at a time.
#pragma once
#include <cstddef>
#include <cstdint>

#include "peak_kernels.h"
#include "row_groups.h"
#include "sliding_kernels.h"

// One tile over a block of k, all sums in registers:
//
//   y[i][j] = - sum_k |row_i[k] - panel[k][j]|    l1: the convolution of an adder network
//   y[i][j] =   sum_k row_i[k] * panel[k][j]      dot: the convolution of a CNN          i < rows, j < columns
//
// k advances by k-groups: the group_bytes that an instruction adds up within one lane. A k-group of a row is broadcast, and a vector of
// the panel holds one k-group for each of several output channels. Every segment of a window has its own k-groups: the last one is filled
// up with zeros in the panel and masked in the row, whose next bytes are another pixel's.
//
//   panel [k-group][nr][group_bytes]
struct IntegerTileArgs {
  size_t rows, columns;             // how many of mr x nr to write
  size_t segments, groups;          // this block of k; whole k-groups of each segment
  uint64_t tail;                    // mask of the bytes of one k-group more at the end of each segment; 0: there is none
  const void* const* row_pointers;  // [mr], all readable: where rows < mr the last is repeated
  const size_t* row_offsets;        // [segments] in bytes
  const unsigned char* panel;
  const int32_t* row_sums;      // [mr] sum_k row_i[k] over all blocks, and
  const int32_t* compensation;  // [nr], of whole vectors: compensation_factor * sum_k panel[k][j]: added by the first block, where the
                                // product needs them
  bool first;                   // block of k: the first overwrites y, the others add to it
  int32_t* y;
  size_t y_stride;  // elements between y[i] and y[i + 1]
  RowGroups row_groups;
};
struct IntegerTile {
  int mr, nr;
  void (*run)(const IntegerTileArgs&);
};

// How rows and panels hold the operands.
enum class IntegerOperands {
  kAsTheyAre,
  kSignedBytes,  // x of 8 bits less 128, for instructions that want both operands signed; 128 * sum w makes up for it
  kWidened,      // both operands as int16
};

struct IntegerProduct {
  const char* micro_op;  // the name of what its tiles do for one pair, as tests find it in the disassembly
  size_t group_bytes;
  size_t max_groups;  // of a block of k: what lanes hold without overflow, or what a cache holds of a panel
  IntegerOperands operands;
  bool needs_row_sums;
  int32_t compensation_factor;
  const IntegerTile* tiles;  // ordered and ended like Product::tiles
  Peak peak;
};

// Sums of x for the products that need them; null where an instruction set has no such product.
struct IntegerSums {
  // sums[r] = sum_c src[r][c]    r < rows, c < columns; strides in elements
  void (*row_sums_8)(size_t rows, size_t columns, const uint8_t* src, size_t src_stride, int32_t* sums);
  void (*row_sums_16)(size_t rows, size_t columns, const int16_t* src, size_t src_stride, int32_t* sums);
  // sums[c] = sum_r src[r][c]; rows may overlap
  void (*column_sums)(size_t rows, size_t columns, const int32_t* src, size_t src_stride, int32_t* sums);
};

// A way to compute the L1 product of bytes without sign, by its name in the API. Which is the fastest is a matter of the CPU.
struct ByteAdder {
  const char* name;
  IntegerProduct product;
};
constexpr size_t kMaxByteAdders = 4;

struct IntegerKernels {
  ByteAdder byte_adders[kMaxByteAdders];  // all that the instruction set has; a null name ends them
  IntegerProduct l1_8;                    // that of one of them
  IntegerProduct l1_16;                   // int16
  IntegerProduct dot_8;                   // x bytes without sign, w signed, exact
  IntegerProduct dot_7;                   // the same where every w is in [-64, 63]
  IntegerSums sums;
  Peak vmpsadbw;                  // which no kernel uses; null where there is no such instruction
  const SlidingKernels* sliding;  // the byte adder vdbpsadbw, for shapes that it fits; null where it is absent or not chosen
};
