#include "input_strip.h"

#include <algorithm>

ImageColumns::ImageColumns(const Conv2dShape& s)
    : columns(strip_columns(s)), left(std::min(s.pad_left, columns)), right(std::max(left, std::min(columns, s.pad_left + s.w))) {}

size_t strip_row_stride(const Conv2dShape& s) { return s.pads() ? strip_columns(s) * s.ci : s.w * s.ci; }

size_t copied_strip_elems(const Conv2dShape& s, const TaskGrid& grid) {
  return grid.images_per_task * strip_rows(s, grid.rows_per_task) * strip_columns(s) * s.ci;
}

size_t strip_scratch_elems(const Conv2dShape& s, const TaskGrid& grid) { return s.pads() ? copied_strip_elems(s, grid) : 0; }

InputStrip<float> make_input_strip(const Conv2dShape& s, const Task& task, const float* x, float* scratch) {
  const size_t row_stride = strip_row_stride(s);
  if (!s.pads()) return {x + (task.image * s.h + task.row * s.sh) * row_stride, s.h * row_stride, row_stride};
  if (s.symmetric) return copy_symmetric_strip(s, task, x, 0.0f, scratch);
  return copy_input_strip(s, task, x, 0.0f, scratch, std::copy<const float*, float*>);
}

template <class T, class Pointer>
size_t list_windows(const Conv2dShape& s, const Task& task, const InputStrip<T>& strip, size_t group, size_t overrun,
                    Pointer* row_pointers) {
  Pointer* row_pointer = row_pointers;
  const size_t step = s.sw * s.ci;
  for (size_t i = 0; i < task.images; ++i)
    for (size_t row = 0; row < task.rows; ++row) {
      const T* first = strip.data + i * strip.image_stride + row * s.sh * strip.row_stride + group * s.group_ci;
      size_t column = 0;
      for (; column + 4 <= s.wo; column += 4)  // by themselves, so that none waits for the one before
        for (size_t c = column; c < column + 4; ++c) row_pointer[c] = first + c * step;
      for (; column < s.wo; ++column) row_pointer[column] = first + column * step;
      row_pointer += s.wo;
    }
  std::fill(row_pointer, row_pointer + overrun, row_pointer[-1]);
  return static_cast<size_t>(row_pointer - row_pointers);
}
template size_t list_windows(const Conv2dShape&, const Task&, const InputStrip<float>&, size_t, size_t, const float**);
template size_t list_windows(const Conv2dShape&, const Task&, const InputStrip<uint8_t>&, size_t, size_t, const void**);
template size_t list_windows(const Conv2dShape&, const Task&, const InputStrip<int16_t>&, size_t, size_t, const void**);

size_t window_sum_scratch(const Conv2dShape& s, const TaskGrid& grid) {
  return strip_columns(s) + grid.images_per_task * strip_rows(s, grid.rows_per_task) * s.wo;
}

void line_sums(const Conv2dShape& s, const float* x, size_t group, const LayoutKernels& layout, float* pixel_sums, float* sums) {
  if (!x) {
    std::fill(sums, sums + s.wo, 0.0f);
    return;
  }
  const ImageColumns inside(s);
  layout.row_sums(inside.right - inside.left, s.group_ci, x + group * s.group_ci, s.ci, pixel_sums + inside.left);
  if (s.sw == 1) {
    layout.column_sums(s.kw, s.wo, pixel_sums, s.dw, sums);
    return;
  }
  for (size_t c = 0; c < s.wo; ++c) {
    sums[c] = 0;
    for (size_t b = 0; b < s.kw; ++b) sums[c] += pixel_sums[c * s.sw + b * s.dw];
  }
}

void window_sums(const Conv2dShape& s, const Task& task, const float* x, const InputStrip<float>& strip, size_t group,
                 const LayoutKernels& layout, float* scratch, float* sums) {
  const size_t rows = strip_rows(s, task.rows), columns = strip_columns(s);
  float* const all_line_sums = scratch + columns;  // [images][rows][wo]
  std::fill(scratch, all_line_sums, 0.0f);
  for (size_t line = 0; line < task.images * rows; ++line) {
    const size_t i = line / rows, r = line % rows;
    const float* const row = s.symmetric ? strip.data + i * strip.image_stride + r * strip.row_stride : image_row(s, task, x, i, r);
    line_sums(s, row, group, layout, scratch, all_line_sums + line * s.wo);
  }
  for (size_t i = 0; i < task.images; ++i)
    for (size_t row = 0; row < task.rows; ++row, sums += s.wo)
      layout.column_sums(s.kh, s.wo, all_line_sums + (i * rows + row * s.sh) * s.wo, s.dh * s.wo, sums);
}
