// How many helpers have a core. One whose core another program takes holds its index for milliseconds, a program's turn, while everybody
// waits for it: two threads then take longer than one. No thread can be told so beforehand, so callers say how long they waited, and where
// that is more than a helper can make good, one is left out for a while.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>

class LostCores {
 public:
  using Clock = std::chrono::steady_clock;

  // Of `most` helpers.
  size_t helpers_with_core(size_t most, Clock::time_point now);

  // A job's time: of its caller's own indices, and until the last helper was ready.
  struct JobTime {
    Clock::duration own, waited;
    size_t indices, helpers;
  };
  void record(const JobTime& job, Clock::time_point now);

 private:
  std::atomic<size_t> left_out_{0};
  std::atomic<Clock::time_point> until_{};
  std::atomic<Clock::rep> worked_{0};  // since the last loss
  std::mutex mutex_;                   // of what follows
  Clock::duration lost_{0}, leave_out_for_{0};
};
