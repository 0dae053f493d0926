#pragma once
#include "shape.h"

// The runs of a window: kernel rows where their elements are contiguous, single taps otherwise. Offsets count from the window's first
// element.
struct WindowRuns {
  WindowRuns(const ConvShape& s, size_t row_stride) : whole_rows(s.groups == 1 && s.dw == 1), row_stride(row_stride), shape(s) {}
  size_t count() const { return whole_rows ? shape.kh : shape.kh * shape.kw; }
  size_t elems() const { return whole_rows ? shape.kw * shape.group_ci : shape.group_ci; }
  size_t offset(size_t run) const {
    if (whole_rows) return run * shape.dh * row_stride;
    return run / shape.kw * shape.dh * row_stride + run % shape.kw * shape.dw * shape.ci;
  }
  const bool whole_rows;
  const size_t row_stride;  // elements between two rows of the band
  const ConvShape& shape;
};
