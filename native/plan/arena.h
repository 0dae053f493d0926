// Where the values of a plan lie: one block of memory, and each value's place in it given to others once nobody reads it any more.
#pragma once
#include <cstddef>
#include <vector>

struct Lifetime {
  size_t elems;
  size_t first, last;  // the step that writes the value and the last one that reads it
};

struct ArenaLayout {
  std::vector<size_t> offsets;  // in elements, one for each lifetime
  size_t elems;
};

// First fit, in the order of `values`. Values whose lifetimes share a step lie apart, so a step may read any of its inputs while it writes.
ArenaLayout lay_out(const std::vector<Lifetime>& values);
