#include "arena.h"

#include <algorithm>

#include "../runtime/round.h"

namespace {
// Elements of a cache line: with offsets multiplied by a number of images, every value still begins on one.
constexpr size_t kAlignElems = 16;

size_t aligned(size_t elems) { return round_up(elems, kAlignElems); }
bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }
}  // namespace

ArenaLayout lay_out(const std::vector<Lifetime>& values) {
  ArenaLayout layout = {};
  std::vector<size_t> neighbours;  // values placed before that live at the same time, by offset
  for (size_t i = 0; i < values.size(); ++i) {
    neighbours.clear();
    for (size_t j = 0; j < i; ++j)
      if (meet(values[i], values[j])) neighbours.push_back(j);
    std::sort(neighbours.begin(), neighbours.end(), [&](size_t a, size_t b) { return layout.offsets[a] < layout.offsets[b]; });
    const size_t elems = aligned(values[i].elems);
    size_t offset = 0;
    for (const size_t j : neighbours) {
      if (offset + elems <= layout.offsets[j]) break;
      offset = std::max(offset, layout.offsets[j] + aligned(values[j].elems));
    }
    layout.offsets.push_back(offset);
    layout.elems = std::max(layout.elems, offset + elems);
  }
  return layout;
}
