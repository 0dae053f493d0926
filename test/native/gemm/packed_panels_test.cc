#include "gemm/packed_panels.h"

#include <cmath>
#include <vector>

#include "check.h"
#include "cpu/dispatch.h"

TEST(packed_panels, "panels hold every column of their group, its sum, and zeros beyond") {
  const SupportedTables& supported = supported_tables();
  ThreadPool pool(2);
  for (size_t table = 0; table < supported.count; ++table)
    for (int round = 0; round < 50; ++round) {
      const size_t groups = t.integer(1, 3), group_columns = t.integer(1, 40), k = t.integer(1, 50), nr = size_t{16} << t.integer(0, 2);
      std::vector<float> columns(groups * group_columns * k);
      for (float& v : columns) v = t.uniform(-1, 1);
      const ProductPanels panels(supported.tables[table]->layout, true, pool, {groups, group_columns, nr}, k, columns.data());
      CHECK(panels.ok());
      const PanelGrid& grid = panels.grid();
      for (size_t g = 0; g < groups; ++g)
        for (size_t c = 0; c < grid.per_group * nr; ++c) {
          const size_t i = g * grid.per_group + c / nr, j = c % nr;
          double sum = 0;
          for (size_t p = 0; p < k; ++p) {
            const float expected = c < group_columns ? columns[(g * group_columns + c) * k + p] : 0;
            CHECK(panels.panel(i)[p * nr + j] == expected);
            sum += expected;
          }
          CHECK(std::fabs(panels.sums(i)[j] - sum) < 1e-4);
          CHECK((j < grid.columns(i)) == (c < group_columns));
        }
    }
}
