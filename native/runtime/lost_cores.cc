#include "lost_cores.h"

#include <algorithm>

namespace {
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A wait is a loss where it is this much longer than an index takes the caller.
constexpr LostCores::Clock::duration kMinLoss = microseconds(500);
// About two turns of another program. A core that is lost now and then is still worth having.
constexpr LostCores::Clock::duration kMaxLost = milliseconds(6);
// To find out whether the core is back costs some turns, so each attempt that fails doubles the time until the next.
constexpr LostCores::Clock::duration kMinPause = milliseconds(50), kMaxPause = milliseconds(800);
}  // namespace

size_t LostCores::helpers_with_core(size_t max, Clock::time_point now) {
  if (left_out_ != 0 && now >= until_.load()) left_out_ = 0;
  return max - std::min<size_t>(max, left_out_);
}

void LostCores::record(const JobTime& job, Clock::time_point now) {
  worked_ += (job.own + job.waited).count();
  if (job.waited < kMinLoss || job.indices == 0) return;
  const Clock::duration loss = job.waited - job.own / static_cast<Clock::rep>(job.indices);
  if (loss < kMinLoss) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  // One of t threads does a t-th of the work, which makes up for waiting half as long.
  const Clock::duration worked(worked_.exchange(0)), made_up = worked / static_cast<Clock::rep>(2 * (job.helpers + 1));
  lost_ = std::max(lost_ - made_up, Clock::duration(0)) + loss;
  if (worked > kMaxPause) pause_ = Clock::duration(0);
  if (lost_ < kMaxLost) return;
  lost_ = Clock::duration(0);
  pause_ = std::clamp<Clock::duration>(2 * pause_, kMinPause, kMaxPause);
  until_ = now + pause_;
  left_out_ = std::min<size_t>(left_out_ + 1, job.helpers);
}
