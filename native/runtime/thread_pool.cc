#include "thread_pool.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace {
struct Job {
  void (*const call)(const void* context, size_t i);
  const void* const context;
  const size_t n;
  size_t next, helpers;
  const size_t most_helpers;
  Job* following;
};

class Workers {
 public:
  void run(Job& job) {
    std::unique_lock<std::mutex> lock(mutex_);
    job.following = jobs_;
    jobs_ = &job;
    for (; workers_ < job.most_helpers; ++workers_) {
      try {
        std::thread([this] { work(); }).detach();
      } catch (const std::system_error&) {
        break;  // the system gives no more threads: those there are do the work
      }
    }
    wake_.notify_all();
    run_indices(job, lock);

    Job** link = &jobs_;
    while (*link != &job) link = &(*link)->following;
    *link = job.following;
    while (job.helpers > 0) helper_left_.wait(lock);
  }

 private:
  void run_indices(Job& job, std::unique_lock<std::mutex>& lock) {
    while (job.next < job.n) {
      const size_t i = job.next++;
      lock.unlock();
      job.call(job.context, i);
      lock.lock();
    }
  }

  Job* job_to_help() {
    for (Job* job = jobs_; job; job = job->following)
      if (job->next < job->n && job->helpers < job->most_helpers) return job;
    return nullptr;
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      Job* job = job_to_help();
      if (!job) {
        wake_.wait(lock);
        continue;
      }
      ++job->helpers;
      run_indices(*job, lock);
      --job->helpers;
      helper_left_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, helper_left_;
  Job* jobs_ = nullptr;  // jobs under way, each on its caller's stack
  size_t workers_ = 0;
};

// Never destroyed: workers may still run while the process exits.
Workers& workers() {
  static Workers* const all = new Workers;
  return *all;
}
}  // namespace

void ThreadPool::run(size_t n, void (*call)(const void* context, size_t i), const void* context) {
  const size_t most = std::min<size_t>(n, threads_);
  if (most <= 1) {
    for (size_t i = 0; i < n; ++i) call(context, i);
    return;
  }
  Job job{call, context, n, 0, 0, most - 1, nullptr};
  workers().run(job);
}

ThreadPool& process_pool() {
  static ThreadPool* const pool = new ThreadPool(1);
  return *pool;
}
