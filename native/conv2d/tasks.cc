#include "tasks.h"

#include <algorithm>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"

Task TaskGrid::task(const Conv2dShape& s, size_t index) const {
  const size_t parts = divide_up(s.ho, rows_per_task);
  const size_t image = index / parts * images_per_task, row = index % parts * rows_per_task;
  return {image, std::min(images_per_task, s.n - image), row, std::min(rows_per_task, s.ho - row)};
}

TaskGrid cut_into_tasks(const Conv2dShape& s, size_t threads, size_t elem_bytes) {
  const size_t all_rows = s.n * s.ho;
  size_t rows = fit_count(fit_count(kStripBytes, strip_columns(s) * s.ci * elem_bytes), s.sh);
  rows = std::max(rows, divide_up(kMinPixels, s.wo));
  if (threads > 1) {  // four tasks a thread, so that a slow one does not hold up the others for long
    const size_t min_pixels = std::clamp(all_rows * s.wo / threads, kMinPixelsOfSmallImages, kMinPixels);
    const size_t share = std::max(divide_up(all_rows, 4 * threads), divide_up(min_pixels, s.wo));
    rows = std::min(rows, share);
  }
  TaskGrid grid;
  if (rows < s.ho) {
    grid.rows_per_task = divide_up(s.ho, divide_up(s.ho, rows));  // even parts
    grid.images_per_task = 1;
  } else {
    grid.rows_per_task = s.ho;
    grid.images_per_task = std::min(rows / s.ho, s.n);
  }
  grid.tasks = divide_up(s.n, grid.images_per_task) * divide_up(s.ho, grid.rows_per_task);
  return grid;
}
