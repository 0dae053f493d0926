// Threads for whole jobs that JavaScript waits for: runs of networks, batches that are prepared. libuv's four threads serve fs, dns and
// crypto, which would wait behind such jobs. These are a separate set for the whole process, and sleep when there is nothing to do.
#pragma once
#include <cstddef>

class JobOwner;

class Job {
 public:
  explicit Job(JobOwner& owner) : owner_(owner) {}
  virtual ~Job() = default;
  // Called on a runner.
  virtual void execute() = 0;

 private:
  friend class Runners;
  JobOwner& owner_;
  Job* following_ = nullptr;
};

// Where jobs go when they are done. It outlives them: cancel() comes before its end.
class JobOwner {
 public:
  virtual ~JobOwner() = default;
  // Called on a runner, with a job that was executed. The receiver may delete it at once. False if there is no receiver any more.
  virtual bool deliver(Job* job) = 0;

 private:
  friend class Runners;
  size_t under_way_ = 0;
  Job* undelivered_ = nullptr;
};

namespace runners {
// Queues a job, which belongs to the runners until it is delivered. There are at most `max_runners`. Returns false, and leaves the job to
// the caller, if the system gives no thread at all.
bool post(Job* job, size_t max_runners);
// Deletes the owner's jobs that were not begun or not delivered, and waits for those under way.
void cancel(JobOwner& owner);
}  // namespace runners
