#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "start_thread.h"

namespace {
// Waking a sleeping thread takes 50 us and more, as long as many a layer of one image, so a waiting thread spins for a while first.
constexpr std::chrono::microseconds kSpin{100};

void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(_M_ARM64)
  asm volatile("yield");
#endif
}

// Whether the condition became true in time. Yields now and then: the thread that is waited for may need this very core.
template <class Condition>
bool spin_wait(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) return true;
      pause();
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

struct Job {
  void (*const call)(const void* context, size_t i);
  const void* const context;
  const size_t n, max_helpers;
  std::atomic<size_t> next{0}, helpers{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure{};  // the first one, written by the thread that set `failed`
  Job* following = nullptr;

  // An exception ends the job, on whichever thread it is thrown: no index begins after it.
  void run_indices() {
    try {
      for (size_t i; (i = next++) < n;) call(context, i);
    } catch (...) {
      next = n;
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
  bool wants_help() const { return next < n && helpers < max_helpers; }
};

class Workers {
 public:
  void run(Job& job) {
    open(job);
    job.run_indices();
    close(job);
    wait_until_alone(job);
    if (job.failure) std::rethrow_exception(job.failure);
  }

 private:
  void open(Job& job) {
    std::unique_lock<std::mutex> lock(mutex_);
    job.following = jobs_;
    jobs_ = &job;
    ++jobs_opened_;
    // If the system gives no more threads, the existing ones do the work.
    while (workers_ < job.max_helpers && start_thread([this] { work(); })) ++workers_;
    const bool wake = sleepers_ > 0;
    lock.unlock();
    if (wake) wake_.notify_all();
  }

  void wait_until_alone(const Job& job) {
    const auto alone = [&] { return job.helpers == 0; };
    if (spin_wait(alone)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_callers_;
    helper_left_.wait(lock, alone);
    --waiting_callers_;
  }

  void close(Job& job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Job** link = &jobs_;
    while (*link != &job) link = &(*link)->following;
    *link = job.following;
  }

  // Called under the mutex, so that a job that closes afterwards counts this helper.
  Job* join_a_job() {
    for (Job* job = jobs_; job; job = job->following)
      if (job->wants_help()) {
        ++job->helpers;
        return job;
      }
    return nullptr;
  }

  void work() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      Job* job = join_a_job();
      const size_t seen = jobs_opened_;
      if (!job) {
        lock.unlock();
        if (spin_wait([&] { return jobs_opened_ != seen; })) continue;
        lock.lock();
        ++sleepers_;
        wake_.wait(lock, [&] { return (job = join_a_job()) != nullptr; });
        --sleepers_;
      }
      lock.unlock();
      job->run_indices();
      leave(*job);
    }
  }

  // The job is gone as soon as its last helper is counted off.
  void leave(Job& job) {
    --job.helpers;
    if (waiting_callers_ == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    helper_left_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable wake_, helper_left_;
  Job* jobs_ = nullptr;  // jobs under way, each on its caller's stack
  std::atomic<size_t> jobs_opened_{0}, waiting_callers_{0};
  size_t workers_ = 0, sleepers_ = 0;
};

// Never destroyed: workers may still run while the process exits.
Workers& workers() {
  static Workers* const all = new Workers;
  return *all;
}
}  // namespace

void ThreadPool::run(size_t n, void (*call)(const void* context, size_t i), const void* context) {
  const size_t max_threads = std::min<size_t>(n, threads_);
  if (max_threads <= 1) {
    for (size_t i = 0; i < n; ++i) call(context, i);
    return;
  }
  Job job{call, context, n, max_threads - 1};
  workers().run(job);
}

ThreadPool& process_pool() {
  static ThreadPool* const pool = new ThreadPool(1);
  return *pool;
}
