// Every tile that was compiled in, also of instruction sets that this CPU lacks: what tests look up in the disassembly.
#pragma once
#include <string>
#include <vector>

struct TileEntry {
  const char* kernels;  // the instruction set of its kernel file
  const char* family;   // as PeakRow::name, where the family has a peak
  std::string symbol;   // the function's name, without namespace, result and parameters
  int mr, nr, vectors;  // nr columns are so many vectors
};
std::vector<TileEntry> list_tiles();
