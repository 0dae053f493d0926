#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "lost_cores.h"
#include "start_thread.h"

namespace {
using Clock = LostCores::Clock;

// To wake a sleeping thread takes 50 us and more, as long as many a layer of one image; so a thread that waits spins for a while first.
constexpr std::chrono::microseconds kSpin{100};

void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(_M_ARM64)
  asm volatile("yield");
#endif
}

// Whether it came true in time. Yields now and then: the thread that is waited for may need this very core.
template <class Condition>
bool spin_wait(Clock::time_point start, const Condition& condition) {
  const auto end = start + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) return true;
      pause();
    }
    std::this_thread::yield();
  } while (Clock::now() < end);
  return false;
}

struct Job {
  void (*const call)(const void* context, size_t i);
  const void* const context;
  const size_t n;
  size_t max_helpers;
  std::atomic<size_t> next{0}, helpers{0};
  Job* following = nullptr;

  // How many there were.
  size_t run_indices() {
    size_t count = 0;
    for (size_t i; (i = next++) < n; ++count) call(context, i);
    return count;
  }
  bool wants_help() const { return next < n && helpers < max_helpers; }
};

class Workers {
 public:
  void run(Job& job) {
    const Clock::time_point start = Clock::now();
    job.max_helpers = lost_cores_.helpers_with_core(job.max_helpers, start);
    if (job.max_helpers == 0) {
      job.run_indices();
      return;
    }
    open(job);
    const size_t indices = job.run_indices();
    close(job);
    const Clock::time_point own = Clock::now();
    wait_for_helpers(job, own);
    const Clock::time_point end = Clock::now();
    lost_cores_.record({own - start, end - own, indices, job.max_helpers}, end);
  }

 private:
  void open(Job& job) {
    std::unique_lock<std::mutex> lock(mutex_);
    job.following = jobs_;
    jobs_ = &job;
    ++jobs_opened_;
    // Where the system gives no more threads, those there are do the work.
    while (workers_ < job.max_helpers && start_thread([this] { work(); })) ++workers_;
    const bool wake = sleepers_ > 0;
    lock.unlock();
    if (wake) wake_.notify_all();
  }

  void wait_for_helpers(const Job& job, Clock::time_point now) {
    const auto alone = [&] { return job.helpers == 0; };
    if (spin_wait(now, alone)) return;
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

  // Under the mutex: a job that closes afterwards knows of this helper.
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
        if (spin_wait(Clock::now(), [&] { return jobs_opened_ != seen; })) continue;
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
  LostCores lost_cores_;
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
