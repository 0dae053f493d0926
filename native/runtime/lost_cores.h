// How many helpers have a core. Where another program takes a helper's core, the helper holds its index for that program's turn,
// milliseconds, and its caller waits: two threads then take longer than one. A thread cannot know this beforehand, so callers report how
// long they waited; where that costs more than a helper gives, one helper is left out for a while.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>

class LostCores {
 public:
  using Clock = std::chrono::steady_clock;

  // Of the `max` that a job may have.
  size_t helpers_with_core(size_t max, Clock::time_point now);

  // `own` is the time of the caller's own indices, `waited` the time from then until the last helper was ready.
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
  Clock::duration lost_{0}, pause_{0};
};
