#include "thread_pool.h"

#include <system_error>
#include <thread>

void ThreadPool::set_threads(size_t threads) {
  std::lock_guard<std::mutex> lock(mutex_);
  threads_ = threads;
}

size_t ThreadPool::threads() {
  std::lock_guard<std::mutex> lock(mutex_);
  return threads_;
}

void ThreadPool::run(size_t n, Call call, const void* context) {
  std::unique_lock<std::mutex> lock(mutex_);
  const size_t most = n < threads_ ? n : threads_;
  if (most <= 1) {
    lock.unlock();
    for (size_t i = 0; i < n; ++i) call(context, i);
    return;
  }
  Job job{call, context, n, 0, 0, most - 1, jobs_};
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

void ThreadPool::run_indices(Job& job, std::unique_lock<std::mutex>& lock) {
  while (job.next < job.n) {
    const size_t i = job.next++;
    lock.unlock();
    job.call(job.context, i);
    lock.lock();
  }
}

ThreadPool::Job* ThreadPool::job_to_help() {
  for (Job* job = jobs_; job; job = job->following)
    if (job->next < job->n && job->helpers < job->most_helpers) return job;
  return nullptr;
}

void ThreadPool::work() {
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

ThreadPool& process_pool() {
  static ThreadPool* pool = new ThreadPool;
  return *pool;
}
