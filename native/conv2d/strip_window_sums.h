// The sums of integer windows, for products that need them: sum |x - w| = 2 sum max(x, w) - sum x - sum w.
#pragma once
#include "../kernels/kernel_table.h"
#include "input_strip.h"

inline void row_sums(const IntegerSums& k, size_t rows, size_t columns, const uint8_t* src, size_t src_stride, int32_t* sums) {
  k.row_sums_8(rows, columns, src, src_stride, sums);
}
inline void row_sums(const IntegerSums& k, size_t rows, size_t columns, const int16_t* src, size_t src_stride, int32_t* sums) {
  k.row_sums_16(rows, columns, src, src_stride, sums);
}

// Scratch, in sums, that strip_window_sums needs for a task.
inline size_t strip_sum_scratch(const Conv2dShape& s, const TaskGrid& grid) {
  return (grid.rows_per_task + grid.images_per_task * strip_rows(s, grid.rows_per_task)) * strip_columns(s);
}

// sums[pixel] = sum over the window of the pixel of strip[.., group's channels], pixels as list_windows orders them. They are added up over
// channels first, then rows, then columns: kh + kw additions a pixel, not k. Rows that lie next to each other are summed as one; of windows
// of one pixel, those that a stride skips are left out.
template <class T>
void strip_window_sums(const Conv2dShape& s, const Task& task, const InputStrip<T>& strip, size_t group, const IntegerSums& kernels,
                       int32_t* scratch, int32_t* sums) {
  if (s.kh == 1 && s.kw == 1) {
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = 0; row < task.rows; ++row, sums += s.wo) {
        const T* const first = strip.data + i * strip.image_stride + row * s.sh * strip.row_stride + group * s.group_ci;
        row_sums(kernels, s.wo, s.group_ci, first, s.sw * s.ci, sums);
      }
    return;
  }
  const size_t rows = strip_rows(s, task.rows), columns = strip_columns(s), line_elems = columns * s.ci;
  int32_t *const column_sums = scratch, *const pixel_sums = scratch + task.rows * columns;  // [rows][columns], [images][rows][columns]
  const bool has_gaps = strip.row_stride != line_elems || (task.images > 1 && strip.image_stride != rows * line_elems);
  const size_t lines = has_gaps ? 1 : task.images * rows;
  for (size_t i = 0; i < task.images * rows; i += lines) {
    const T* const row = strip.data + i / rows * strip.image_stride + i % rows * strip.row_stride + group * s.group_ci;
    row_sums(kernels, lines * columns, s.group_ci, row, s.ci, pixel_sums + i * columns);
  }
  const size_t height = s.sh == 1 ? task.rows : 1;
  for (size_t i = 0; i < task.images; ++i) {
    for (size_t row = 0; row < task.rows; row += height)
      kernels.column_sums(s.kh, height * columns, pixel_sums + (i * rows + row * s.sh) * columns, s.dh * columns,
                          column_sums + row * columns);
    for (size_t row = 0; row < task.rows; ++row, sums += s.wo) {
      int32_t* const line = column_sums + row * columns;
      if (s.sw == 1) {
        kernels.column_sums(s.kw, s.wo, line, s.dw, sums);
        continue;
      }
      kernels.column_sums(s.kw, (s.wo - 1) * s.sw + 1, line, s.dw, line);  // in place: what it has written it reads no more
      for (size_t c = 0; c < s.wo; ++c) sums[c] = line[c * s.sw];
    }
  }
}
