#include "plan/arena.h"

#include <ctime>

#include "check.h"

namespace {
ArenaLayout layout_of(Test& t, const std::vector<Lifetime>& values) {
  ArenaLayout layout = {};
  CHECK(assign_offsets(values, &layout) == Status::kOk);
  return layout;
}
}  // namespace

TEST(arena, "values of a plan that live at the same time do not overlap") {
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> values;
    size_t total = 0;
    for (size_t i = 0, count = t.integer(1, 20); i < count; ++i) {
      values.push_back({t.integer(0, 400), i, i + t.integer(0, 4)});
      total += (values[i].bytes + 63) / 64 * 64;
    }
    const ArenaLayout layout = layout_of(t, values);
    CHECK(layout.offsets.size() == values.size());
    CHECK(layout.bytes <= total);
    for (size_t i = 0; i < values.size(); ++i) {
      CHECK(layout.offsets[i] % 64 == 0);
      CHECK(layout.offsets[i] + values[i].bytes <= layout.bytes);
      for (size_t j = 0; j < i; ++j) {
        const bool live_together = values[i].first <= values[j].last && values[j].first <= values[i].last;
        const bool are_apart =
            layout.offsets[i] + values[i].bytes <= layout.offsets[j] || layout.offsets[j] + values[j].bytes <= layout.offsets[i];
        CHECK(!live_together || are_apart);
      }
    }
  }
}

TEST(arena_reuse, "values of a plan take the place of those that are read no more") {
  const ArenaLayout layout = layout_of(t, {{64, 0, 1}, {64, 1, 2}, {64, 2, 3}, {64, 3, 4}});
  CHECK(layout.bytes == 128);
}

TEST(arena_best_fit, "a value lies in the smallest free piece that holds it") {
  // Pieces of 256 and 64 bytes become free at node 4, between values that stay.
  const ArenaLayout layout = layout_of(t, {{256, 0, 3}, {64, 1, 9}, {64, 2, 3}, {64, 3, 9}, {64, 4, 9}, {200, 5, 9}, {64, 6, 9}});
  CHECK(layout.offsets[4] == layout.offsets[2]);
  CHECK(layout.offsets[5] == layout.offsets[0]);
  CHECK(layout.offsets[6] == 448 && layout.bytes == 512);
}

TEST(arena_limit, "values that take too much memory together are refused, also where their sum would overflow") {
  ArenaLayout layout;
  const size_t half = kMaxArenaBytes / 2, huge = SIZE_MAX / 4 + 1;
  CHECK(assign_offsets({{half, 0, 2}, {half, 1, 2}}, &layout) == Status::kOk && layout.bytes == kMaxArenaBytes);
  CHECK(assign_offsets({{half, 0, 2}, {half, 1, 2}, {1, 2, 2}}, &layout) == Status::kShape);
  CHECK(assign_offsets({{half, 0, 2}, {half + 1, 1, 2}}, &layout) == Status::kShape);
  CHECK(assign_offsets({{huge, 0, 9}, {huge, 1, 9}, {huge, 2, 9}, {huge, 3, 9}, {64, 4, 9}}, &layout) == Status::kShape);
  CHECK(assign_offsets({{SIZE_MAX, 0, 0}}, &layout) == Status::kShape);
}

TEST(arena_time, "hundreds of thousands of values that live at the same time are placed at once") {
  constexpr size_t kValues = 300'000;
  std::vector<Lifetime> values;
  for (size_t i = 0; i < kValues; ++i) values.push_back({64 * (1 + i % 7), i, i % 2 == 0 ? kValues : i + 1});
  const std::clock_t start = std::clock();
  layout_of(t, values);
  CHECK(std::clock() - start < 5 * CLOCKS_PER_SEC);  // of this process: others may have the machine
}
