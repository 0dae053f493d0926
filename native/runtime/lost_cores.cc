#include "lost_cores.h"

#include <algorithm>

namespace {
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A wait is a loss where it is longer than any index takes, the caller's own included.
constexpr LostCores::Clock::duration kLoss = microseconds(500);
// As much as two turns of another program: losing a core now and then is no reason to do without it.
constexpr LostCores::Clock::duration kMostLost = milliseconds(6);
// It costs some turns to see that the core is still lost, so that is tried less and less often.
constexpr LostCores::Clock::duration kShortest = milliseconds(50), kLongest = milliseconds(800);
}  // namespace

size_t LostCores::helpers_with_core(size_t most, Clock::time_point now) {
  if (left_out_ != 0 && now >= until_.load()) left_out_ = 0;
  return most - std::min<size_t>(most, left_out_);
}

void LostCores::record(const JobTime& job, Clock::time_point now) {
  worked_ += (job.own + job.waited).count();
  if (job.waited < kLoss || job.indices == 0) return;
  const Clock::duration loss = job.waited - job.own / static_cast<Clock::rep>(job.indices);
  if (loss < kLoss) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  // A helper among t threads does a t-th of the work: waiting for half of that is made good.
  const Clock::duration worked(worked_.exchange(0)), made_good = worked / static_cast<Clock::rep>(2 * (job.helpers + 1));
  lost_ = std::max(lost_ - made_good, Clock::duration(0)) + loss;
  if (worked > kLongest) leave_out_for_ = Clock::duration(0);
  if (lost_ < kMostLost) return;
  lost_ = Clock::duration(0);
  leave_out_for_ = std::clamp<Clock::duration>(2 * leave_out_for_, kShortest, kLongest);
  until_ = now + leave_out_for_;
  left_out_ = std::min<size_t>(left_out_ + 1, job.helpers);
}
