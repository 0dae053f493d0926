// Takes the place of thread_pool.cc and thread_count.cc where there are no threads (ADDERNET_THREADS=OFF): the pool starts nothing,
// whatever number of threads it is given.
#include "thread_count.h"
#include "thread_pool.h"

void ThreadPool::run(size_t n, void (*call)(const void* context, size_t i), const void* context) {
  for (size_t i = 0; i < n; ++i) call(context, i);
}

ThreadPool& process_pool() {
  static ThreadPool pool(1);
  return pool;
}

size_t default_threads() { return 1; }
