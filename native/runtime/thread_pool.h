// The number of threads that the jobs of one caller use. All pools share one set of workers, which serves the main thread, all
// worker_threads and asynchronous runs.
//
// parallel_for(n, f) runs f(0) … f(n - 1) and returns when all are done. Which thread runs which index is open, so f must not
// reduce across indices: that keeps results bit-identical for any number of threads. The caller works too; several callers may
// run at once, and idle workers join any job that has indices left. What f throws, on any thread, ends the job: the caller gets the first
// exception once no thread is at the job any more.
#pragma once
#include <atomic>
#include <cstddef>

#include "round.h"

class ThreadPool {
 public:
  explicit ThreadPool(size_t threads) : threads_(threads) {}

  // Threads a job may use, its caller included. Workers start when a job first needs them.
  void set_threads(size_t threads) { threads_ = threads; }
  size_t threads() const { return threads_; }

  template <class F>
  void parallel_for(size_t n, const F& f) {
    run(
        n, [](const void* context, size_t i) { (*static_cast<const F*>(context))(i); }, &f);
  }

  // Calls f(first, count) for each chunk of [0, n).
  template <class F>
  void parallel_chunks(size_t n, size_t chunk, const F& f) {
    parallel_for(divide_up(n, chunk), [&](size_t i) { f(i * chunk, n - i * chunk < chunk ? n - i * chunk : chunk); });
  }

 private:
  void run(size_t n, void (*call)(const void* context, size_t i), const void* context);

  std::atomic<size_t> threads_;
};

// The pool of callers that ask for no number of threads.
ThreadPool& process_pool();
