#include "input_strip.h"

#include <algorithm>

ImageColumns::ImageColumns(const ConvShape& s)
    : columns(band_columns(s)), left(std::min(s.pad_left, columns)), right(std::max(left, std::min(columns, s.pad_left + s.w))) {}

size_t band_row_stride(const ConvShape& s) { return s.pads() ? band_columns(s) * s.ci : s.w * s.ci; }

size_t copied_band_elems(const ConvShape& s, const TaskGrid& grid) {
  return grid.images_per_task * band_rows(s, grid.rows_per_task) * band_columns(s) * s.ci;
}

size_t band_scratch(const ConvShape& s, const TaskGrid& grid) { return s.pads() ? copied_band_elems(s, grid) : 0; }

Band make_band(const ConvShape& s, const Task& task, const float* x, float* scratch) {
  const size_t row_stride = band_row_stride(s);
  if (!s.pads()) return {x + (task.image * s.h + task.row * s.sh) * row_stride, s.h * row_stride, row_stride};
  return copy_band(s, task, x, 0.0f, scratch, std::copy<const float*, float*>);
}

template <class T, class Pointer>
size_t list_windows(const ConvShape& s, const Task& task, const BandOf<T>& band, size_t group, size_t spare, Pointer* origins) {
  Pointer* origin = origins;
  for (size_t i = 0; i < task.images; ++i)
    for (size_t row = 0; row < task.rows; ++row) {
      const T* first = band.data + i * band.image_stride + row * s.sh * band.row_stride + group * s.group_ci;
      for (size_t column = 0; column < s.wo; ++column) *origin++ = first + column * s.sw * s.ci;
    }
  std::fill(origin, origin + spare, origin[-1]);
  return static_cast<size_t>(origin - origins);
}
template size_t list_windows(const ConvShape&, const Task&, const BandOf<float>&, size_t, size_t, const float**);
template size_t list_windows(const ConvShape&, const Task&, const BandOf<uint8_t>&, size_t, size_t, const void**);
template size_t list_windows(const ConvShape&, const Task&, const BandOf<int16_t>&, size_t, size_t, const void**);

size_t window_sum_scratch(const ConvShape& s, const TaskGrid& grid) {
  return band_columns(s) + grid.images_per_task * band_rows(s, grid.rows_per_task) * s.wo;
}

void line_sums(const ConvShape& s, const float* x, size_t group, const LayoutKernels& layout, float* of_pixels, float* sums) {
  if (!x) {
    std::fill(sums, sums + s.wo, 0.0f);
    return;
  }
  const ImageColumns inside(s);
  layout.row_sums(inside.right - inside.left, s.group_ci, x + group * s.group_ci, s.ci, of_pixels + inside.left);
  if (s.sw == 1) {
    layout.column_sums(s.kw, s.wo, of_pixels, s.dw, sums);
    return;
  }
  for (size_t c = 0; c < s.wo; ++c) {
    sums[c] = 0;
    for (size_t b = 0; b < s.kw; ++b) sums[c] += of_pixels[c * s.sw + b * s.dw];
  }
}

void window_sums(const ConvShape& s, const Task& task, const float* x, size_t group, const LayoutKernels& layout, float* scratch,
                 float* sums) {
  const size_t rows = band_rows(s, task.rows), columns = band_columns(s);
  float* const of_lines = scratch + columns;  // [images][rows][wo]
  std::fill(scratch, of_lines, 0.0f);
  for (size_t line = 0; line < task.images * rows; ++line)
    line_sums(s, image_row(s, task, x, line / rows, line % rows), group, layout, scratch, of_lines + line * s.wo);
  for (size_t i = 0; i < task.images; ++i)
    for (size_t row = 0; row < task.rows; ++row, sums += s.wo)
      layout.column_sums(s.kh, s.wo, of_lines + (i * rows + row * s.sh) * s.wo, s.dh * s.wo, sums);
}
