#include "arena.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "../runtime/round.h"

namespace {
// A cache line: with offsets multiplied by a number of images, every value still begins on one.
constexpr size_t kAlignBytes = 64;

// Memory that grows at its end, and its free pieces, of which no two touch each other.
class FreeList {
 public:
  size_t end() const { return end_; }

  // The smallest piece that is large enough, the first of several; false beyond kMaxArenaBytes.
  bool take(size_t bytes, size_t* offset) {
    const auto fit = by_size_.lower_bound({bytes, 0});
    if (fit != by_size_.end()) {
      const auto [piece_bytes, piece] = *fit;
      remove(by_offset_.find(piece));
      if (piece_bytes > bytes) insert(piece + bytes, piece_bytes - bytes);
      *offset = piece;
      return true;
    }
    // The last piece, where it reaches to the end, grows with it.
    const auto last = by_offset_.empty() ? by_offset_.end() : std::prev(by_offset_.end());
    const bool grows = last != by_offset_.end() && last->first + last->second == end_;
    const size_t begin = grows ? last->first : end_;
    if (bytes > kMaxArenaBytes - begin) return false;
    if (grows) remove(last);
    *offset = begin;
    end_ = begin + bytes;
    return true;
  }

  void give_back(size_t offset, size_t bytes) {
    const auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == offset) {
        offset = before->first;
        bytes += before->second;
        remove(before);
      }
    }
    if (next != by_offset_.end() && next->first == offset + bytes) {
      bytes += next->second;
      remove(next);
    }
    insert(offset, bytes);
  }

 private:
  using Pieces = std::map<size_t, size_t>;  // bytes by offset
  void insert(size_t offset, size_t bytes) {
    by_offset_.emplace(offset, bytes);
    by_size_.emplace(bytes, offset);
  }
  void remove(Pieces::iterator piece) {
    by_size_.erase({piece->second, piece->first});
    by_offset_.erase(piece);
  }

  Pieces by_offset_;
  std::set<std::pair<size_t, size_t>> by_size_;  // bytes, offset
  size_t end_ = 0;
};
}  // namespace

Status assign_offsets(const std::vector<Lifetime>& values, ArenaLayout* layout) {
  std::vector<size_t> offsets(values.size(), 0), by_last(values.size());
  std::iota(by_last.begin(), by_last.end(), size_t{0});
  std::sort(by_last.begin(), by_last.end(), [&](size_t a, size_t b) { return values[a].last < values[b].last; });
  FreeList block;
  auto oldest = by_last.cbegin();
  for (size_t i = 0; i < values.size(); ++i) {
    for (; values[*oldest].last < values[i].first; ++oldest)  // ends at i, if not before
      if (values[*oldest].bytes > 0) block.give_back(offsets[*oldest], round_up(values[*oldest].bytes, kAlignBytes));
    const size_t bytes = values[i].bytes;
    if (bytes == 0) continue;
    if (bytes > kMaxArenaBytes || !block.take(round_up(bytes, kAlignBytes), &offsets[i])) return Status::kShape;
  }
  *layout = {std::move(offsets), block.end()};
  return Status::kOk;
}
