#pragma once
#include "shape.h"

// The segments of a window, its contiguous pieces: kernel rows where their elements are contiguous, single taps otherwise. Offsets count
// from the window's first element.
struct WindowSegments {
  WindowSegments(const Conv2dShape& s, size_t row_stride) : whole_rows(s.groups == 1 && s.dw == 1), row_stride(row_stride), shape(s) {}
  size_t count() const { return whole_rows ? shape.kh : shape.kh * shape.kw; }
  size_t elems() const { return whole_rows ? shape.kw * shape.group_ci : shape.group_ci; }
  size_t offset(size_t segment) const {
    if (whole_rows) return segment * shape.dh * row_stride;
    return segment / shape.kw * shape.dh * row_stride + segment % shape.kw * shape.dw * shape.ci;
  }
  const bool whole_rows;
  const size_t row_stride;  // elements between two rows of the input strip
  const Conv2dShape& shape;
};
