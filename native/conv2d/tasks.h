// How a convolution is cut into tasks for the threads.
#pragma once
#include <atomic>

#include "../runtime/thread_pool.h"
#include "shape.h"

struct Task {
  size_t image, images;  // first image, number of images
  size_t row, rows;      // output rows of each
};

// How the output is cut into tasks. It depends on the shape and the threads, and no result depends on it.
struct TaskGrid {
  size_t images_per_task, rows_per_task, tasks;
  Task task(const ConvShape& s, size_t index) const;
};
TaskGrid cut_into_tasks(const ConvShape& s, size_t threads, size_t elem_bytes = sizeof(float));

// Runs a form's tasks on the threads. run(task) is false where scratch memory is out.
template <class Run>
Status run_tasks(ThreadPool& pool, const ConvShape& shape, const TaskGrid& grid, const Run& run) {
  std::atomic<bool> out_of_memory{false};
  pool.parallel_for(grid.tasks, [&](size_t index) {
    if (!run(grid.task(shape, index))) out_of_memory = true;
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
