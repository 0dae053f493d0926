// How a convolution is cut into tasks for the threads.
#pragma once
#include "shape.h"

struct Task {
  size_t image, images;  // first image, number of images
  size_t row, rows;      // output rows of each
};

// The output is cut by the shape and the number of threads, and no result of a forward pass depends on it.
struct TaskGrid {
  size_t images_per_task, rows_per_task, tasks;
  Task task(const Conv2dShape& s, size_t index) const;
};
TaskGrid cut_into_tasks(const Conv2dShape& s, size_t threads, size_t elem_bytes = sizeof(float));
