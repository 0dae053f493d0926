#pragma once
#include <atomic>

#include "status.h"
#include "thread_pool.h"

// Runs run(0) … run(count - 1) on the threads. run(i) is false where scratch memory is out, which makes kMemory of the whole.
template <class Run>
Status run_tasks(ThreadPool& pool, size_t count, const Run& run) {
  std::atomic<bool> out_of_memory{false};
  pool.parallel_for(count, [&](size_t i) {
    if (!run(i)) out_of_memory = true;
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
