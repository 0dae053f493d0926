// Where the values of a plan lie: one block of memory, and each value's place in it given to others once no node reads it any more.
#pragma once
#include <cstddef>
#include <vector>

struct Lifetime {
  size_t bytes;
  size_t first, last;  // the node that writes the value and the last one that reads it
};

struct ArenaLayout {
  std::vector<size_t> offsets;  // in bytes, one for each lifetime
  size_t bytes;
};

// First fit, in the order of `values`. Values whose lifetimes share a node do not overlap, so a node may read any of its inputs while it
// writes.
ArenaLayout assign_offsets(const std::vector<Lifetime>& values);
