#include "plan/arena.h"

#include "check.h"

TEST(arena, "values of a plan that live at the same time do not overlap") {
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> values;
    size_t total = 0;
    for (size_t i = 0, count = t.integer(1, 20); i < count; ++i) {
      values.push_back({t.integer(0, 100), i, i + t.integer(0, 4)});
      total += (values[i].elems + 15) / 16 * 16;
    }
    const ArenaLayout layout = lay_out(values);
    CHECK(layout.offsets.size() == values.size());
    CHECK(layout.elems <= total);
    for (size_t i = 0; i < values.size(); ++i) {
      CHECK(layout.offsets[i] % 16 == 0);
      CHECK(layout.offsets[i] + values[i].elems <= layout.elems);
      for (size_t j = 0; j < i; ++j) {
        const bool live_together = values[i].first <= values[j].last && values[j].first <= values[i].last;
        const bool are_apart =
            layout.offsets[i] + values[i].elems <= layout.offsets[j] || layout.offsets[j] + values[j].elems <= layout.offsets[i];
        CHECK(!live_together || are_apart);
      }
    }
  }
}

TEST(arena_reuse, "values of a plan take the place of those that are read no more") {
  const ArenaLayout layout = lay_out({{16, 0, 1}, {16, 1, 2}, {16, 2, 3}, {16, 3, 4}});
  CHECK(layout.elems == 32);
}
