// The three forms in which convolve.cc runs a convolution, and what they are made from.
#pragma once
#include <atomic>
#include <memory>
#include <new>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "band.h"
#include "conv_shape.h"
#include "convolve.h"
#include "tiling.h"

// What a form packs. The table outlives it, the rest is copied.
struct Packing {
  const KernelTable& kernels;
  const Product& product;  // kernels.l1 or kernels.dot
  ThreadPool& pool;
  const ConvShape& shape;
  const float* w;
  const Epilogue epilogue;
};

// Rows are pixels, panels hold output channels.
std::unique_ptr<PackedConvolution> pack_pixel_rows(const Packing& p, const TileColumn& tiles);
// Rows are filters, panels hold pixels of one output row: for few output channels.
std::unique_ptr<PackedConvolution> pack_filter_rows(const Packing& p, const TileColumn& tiles);
// Lanes are channels.
std::unique_ptr<PackedConvolution> pack_depthwise(const Packing& p);

// A form made of `args`; null if it or a buffer of its own could not be had.
template <class Form, class... Args>
std::unique_ptr<PackedConvolution> packed(Args&... args) {
  std::unique_ptr<Form> form(new (std::nothrow) Form(args...));
  if (form && !form->ok()) form.reset();
  return form;
}

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

// Runs a form's tasks on the threads. run(task) is false where scratch memory is out.
template <class Run>
Status run_tasks(ThreadPool& pool, const ConvShape& shape, const TaskGrid& grid, const Run& run) {
  std::atomic<bool> out_of_memory{false};
  pool.parallel_for(grid.tasks, [&](size_t index) {
    if (!run(grid.task(shape, index))) out_of_memory = true;
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
