#include "arena.h"

#include <algorithm>

#include "../runtime/round.h"

namespace {
// A cache line: with offsets multiplied by a number of images, every value still begins on one.
constexpr size_t kAlignBytes = 64;

bool overlap(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }
}  // namespace

ArenaLayout assign_offsets(const std::vector<Lifetime>& values) {
  ArenaLayout layout = {};
  std::vector<size_t> neighbors;  // values placed before that live at the same time, by offset
  for (size_t i = 0; i < values.size(); ++i) {
    neighbors.clear();
    for (size_t j = 0; j < i; ++j)
      if (overlap(values[i], values[j])) neighbors.push_back(j);
    std::sort(neighbors.begin(), neighbors.end(), [&](size_t a, size_t b) { return layout.offsets[a] < layout.offsets[b]; });
    const size_t bytes = round_up(values[i].bytes, kAlignBytes);
    size_t offset = 0;
    for (const size_t j : neighbors) {
      if (offset + bytes <= layout.offsets[j]) break;
      offset = std::max(offset, layout.offsets[j] + round_up(values[j].bytes, kAlignBytes));
    }
    layout.offsets.push_back(offset);
    layout.bytes = std::max(layout.bytes, offset + bytes);
  }
  return layout;
}
