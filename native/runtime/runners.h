// Threads for whole jobs that JavaScript waits for: runs of networks, batches made ready. libuv's threads are few, and fs, dns and crypto
// wait for them; these are our own, one set for the whole process, and sleep when there is nothing to do.
#pragma once
#include <cstddef>

class JobOwner;

class Job {
 public:
  explicit Job(JobOwner& owner) : owner_(owner) {}
  virtual ~Job() = default;
  // On a runner.
  virtual void execute() = 0;

 private:
  friend class Runners;
  JobOwner& owner_;
  Job* following_ = nullptr;
};

// Whose jobs they are. It outlives them: withdraw() comes first.
class JobOwner {
 public:
  virtual ~JobOwner() = default;
  // On a runner, with a job that was executed: whoever takes it may delete it at once. False where nobody does.
  virtual bool deliver(Job* job) = 0;

 private:
  friend class Runners;
  size_t under_way_ = 0;
  Job* undelivered_ = nullptr;
};

namespace runners {
// Queues a job, which belongs to the runners until it is delivered. False if the system gives not one thread, and the job stays where it
// is. No more than `most` threads are there.
bool post(Job* job, size_t most);
// Deletes an owner's jobs that were not begun or not delivered, and waits for those under way: none is left then.
void withdraw(JobOwner& owner);
}  // namespace runners
