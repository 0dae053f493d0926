// The input strip is what one task reads: the input rows of a few output rows of one image, or of a few whole images.
//
// With padding, these rows are copied into scratch memory with their borders of zeros, so that every window is a few whole segments at
// fixed distances from its first element and no tile ever tests for an edge. Padding is not free here: |0 - w| != 0, so a border tap reads
// zeros instead of being skipped. Without padding, the rows are read where they lie.
#pragma once
#include <algorithm>

#include "../kernels/kernel_table.h"
#include "symmetric_rows.h"
#include "tasks.h"

// Column c of row r of the task's i-th image starts at data + i * image_stride + r * row_stride + c * ci, where row 0 and
// column 0 are the first window's.
template <class T>
struct InputStrip {
  const T* data;
  size_t image_stride, row_stride;
};

// A strip has so many columns, of which [left, right) lie inside the image.
struct ImageColumns {
  explicit ImageColumns(const Conv2dShape& s);
  size_t columns, left, right;
};
// Where the image's part of padded row `row` of the task's i-th image starts; null where the row is padding.
template <class X>
const X* image_row(const Conv2dShape& s, const Task& task, const X* x, size_t i, size_t row) {
  const size_t padded_row = task.row * s.sh + row;
  if (padded_row < s.pad_top || padded_row >= s.pad_top + s.h) return nullptr;
  return x + ((task.image + i) * s.h + padded_row - s.pad_top) * s.w * s.ci;
}

// Elements between two rows of a strip. They are known before there is one, so that all tasks share the offsets of taps.
size_t strip_row_stride(const Conv2dShape& s);
// Scratch, in floats, that make_input_strip needs for a task; 0 without padding.
size_t strip_scratch_elems(const Conv2dShape& s, const TaskGrid& grid);
InputStrip<float> make_input_strip(const Conv2dShape& s, const Task& task, const float* x, float* scratch);

// A strip that is always a copy, with its rows next to each other: `copy(first, last, out)` copies what is inside the image, and
// `pad_value` fills the rest.
size_t copied_strip_elems(const Conv2dShape& s, const TaskGrid& grid);
template <class T, class X, class Copy>
InputStrip<T> copy_input_strip(const Conv2dShape& s, const Task& task, const X* x, T pad_value, T* scratch, const Copy& copy) {
  const size_t rows = strip_rows(s, task.rows), row_stride = strip_columns(s) * s.ci;
  const ImageColumns inside(s);
  T *out = scratch, *written = scratch;  // what lies between two pieces of the image is filled at once
  for (size_t i = 0; i < task.images; ++i)
    for (size_t r = 0; r < rows; ++r, out += row_stride) {
      const X* row = image_row(s, task, x, i, r);
      if (!row) continue;
      const size_t left = inside.left * s.ci, right = inside.right * s.ci;
      std::fill(written, out + left, pad_value);
      copy(row, row + right - left, out + left);
      written = out + right;
    }
  std::fill(written, out, pad_value);
  return {scratch, rows * row_stride, row_stride};
}

// The same of an x that is padded symmetrically.
template <class T>
InputStrip<T> copy_symmetric_strip(const Conv2dShape& s, const Task& task, const T* x, T pad_value, T* scratch) {
  const size_t rows = strip_rows(s, task.rows), row_stride = s.w * s.ci, image_elems = (s.h - 1) * (s.w - 1) * s.ci;
  T* out = scratch;
  for (size_t i = 0; i < task.images; ++i)
    for (size_t r = 0; r < rows; ++r, out += row_stride)
      symmetric_row(s.h - 1, s.w - 1, s.ci, x + (task.image + i) * image_elems, task.row * s.sh + r, pad_value, out);
  return {scratch, rows * row_stride, row_stride};
}

// Lists where the windows of all the task's pixels start within a group's channels, in the order image, row, column. The last pointer is
// repeated `overrun` times, for tiles that reach beyond. Returns the number of pixels; `row_pointers` has room for `overrun` more.
template <class T, class Pointer>
size_t list_windows(const Conv2dShape& s, const Task& task, const InputStrip<T>& strip, size_t group, size_t overrun,
                    Pointer* row_pointers);

// sums[c] = sum over the kernel's columns of one padded row as the window of output column c sees them; x is the row's first pixel, null
// where it is padding. `pixel_sums` is scratch of strip_columns floats, zeros at the first call.
void line_sums(const Conv2dShape& s, const float* x, size_t group, const LayoutKernels& layout, float* pixel_sums, float* sums);

// sums[pixel] = sum over the window of the pixel of x[.., group's channels]; pixels as the task orders them: image, row, column.
// They are added up over channels first, then columns, then rows: kh + kw additions a pixel, not k. `scratch` holds window_sum_scratch
// floats, and `strip` is the task's.
void window_sums(const Conv2dShape& s, const Task& task, const float* x, const InputStrip<float>& strip, size_t group,
                 const LayoutKernels& layout, float* scratch, float* sums);
size_t window_sum_scratch(const Conv2dShape& s, const TaskGrid& grid);
