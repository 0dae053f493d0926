// One pool for the whole process, shared by the main thread and all worker_threads.
//
// parallel_for(n, f) runs f(0) … f(n - 1) and returns when all are done. Which thread runs which index is open, so f must not
// reduce across indices: that keeps results the same bits for any number of threads. The caller works too; several callers may
// run at once, and idle workers join whichever job has indices left.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <mutex>

class ThreadPool {
 public:
  // Threads a job may use, its caller included. Workers start when a job first needs them.
  void set_threads(size_t threads);
  size_t threads();

  template <class F>
  void parallel_for(size_t n, const F& f) {
    run(
        n, [](const void* context, size_t i) { (*static_cast<const F*>(context))(i); }, &f);
  }

  // f(first, count) over [0, n) in chunks.
  template <class F>
  void parallel_chunks(size_t n, size_t chunk, const F& f) {
    parallel_for((n + chunk - 1) / chunk, [&](size_t i) { f(i * chunk, n - i * chunk < chunk ? n - i * chunk : chunk); });
  }

 private:
  using Call = void (*)(const void* context, size_t i);
  struct Job {
    Call call;
    const void* context;
    size_t n, next, helpers, most_helpers;
    Job* following;
  };

  void run(size_t n, Call call, const void* context);
  void work();
  void run_indices(Job& job, std::unique_lock<std::mutex>& lock);
  Job* job_to_help();

  std::mutex mutex_;
  std::condition_variable wake_, helper_left_;
  Job* jobs_ = nullptr;  // jobs under way, each on its caller's stack
  size_t threads_ = 1, workers_ = 0;
};

// Never destroyed: workers may still run while the process exits.
ThreadPool& process_pool();
