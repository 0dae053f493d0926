// The three forms in which convolve.cc runs a convolution, and what they are given.
#pragma once
#include <atomic>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "band.h"
#include "tiling.h"
#include "conv_shape.h"

struct Convolution {
  const KernelTable& kernels;
  const Product& product;  // kernels.l1 or kernels.dot
  ThreadPool& pool;
  const ConvShape& shape;
  const float *x, *w, *bias;
  float* y;
};

// Rows are pixels, panels hold output channels.
Status convolve_pixel_rows(const Convolution& c, const TileColumn& tiles);
// Rows are filters, panels hold pixels of one output row: for few output channels.
Status convolve_filter_rows(const Convolution& c, const TileColumn& tiles);
// Lanes are channels.
Status convolve_depthwise(const Convolution& c);

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

// Runs a form's tasks on the threads. form.run(task) is false where scratch memory is out.
template <class Form>
Status run_tasks(ThreadPool& pool, const ConvShape& shape, const TaskGrid& grid, const Form& form) {
  std::atomic<bool> out_of_memory{false};
  pool.parallel_for(grid.tasks, [&](size_t index) {
    if (!form.run(grid.task(shape, index))) out_of_memory = true;
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
template <class Form>
Status run_tasks(const Convolution& c, const TaskGrid& grid, const Form& form) {
  return run_tasks(c.pool, c.shape, grid, form);
}
