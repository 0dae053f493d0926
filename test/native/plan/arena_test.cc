#include "plan/arena.h"

#include "check.h"

TEST(arena, "values of a plan that live at the same time do not overlap") {
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> values;
    size_t total = 0;
    for (size_t i = 0, count = t.integer(1, 20); i < count; ++i) {
      values.push_back({t.integer(0, 400), i, i + t.integer(0, 4)});
      total += (values[i].bytes + 63) / 64 * 64;
    }
    const ArenaLayout layout = assign_offsets(values);
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
  const ArenaLayout layout = assign_offsets({{64, 0, 1}, {64, 1, 2}, {64, 2, 3}, {64, 3, 4}});
  CHECK(layout.bytes == 128);
}
