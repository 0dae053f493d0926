#pragma once
#include <cstddef>

// Groups of mr rows, one after the other, against the same panel: where rows are evenly spaced, a group costs a fifth of the start of a
// tile. From each group to the next: the rows, in bytes of integers and in floats, their sums, the data of gradients, and y, in elements.
struct RowGroups {
  size_t count = 1, row_step = 0, sum_step = 0, data_step = 0, y_step = 0;
};
