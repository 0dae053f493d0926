// Where the values of a plan lie: one block of memory, and each value's place in it given to others once no node reads it any more.
#pragma once
#include <cstddef>
#include <vector>

#include "../runtime/status.h"

// What the values of one image may take together. Addresses of 32 bits reach as far with a batch of them.
constexpr size_t kMaxArenaBytes = size_t{1} << (sizeof(size_t) > 4 ? 32 : 28);

struct Lifetime {
  size_t bytes;
  size_t first, last;  // the node that writes the value and the last one that reads it
};

struct ArenaLayout {
  std::vector<size_t> offsets;  // in bytes, one for each lifetime
  size_t bytes;
};

// Best fit, in the order of `values`, which is that of their first nodes, in O(n log n). Values whose lifetimes share a node do not
// overlap, so a node may read any of its inputs while it writes. kShape beyond kMaxArenaBytes.
Status assign_offsets(const std::vector<Lifetime>& values, ArenaLayout* layout);
