#include "runners.h"

#include <condition_variable>
#include <mutex>

#include "start_thread.h"

class Runners {
 public:
  bool post(Job* job, size_t max_runners) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (waiting_ <= queued_ && threads_ < max_runners && start_thread([this] { work(); })) ++threads_;
    if (threads_ == 0) return false;
    job->following_ = nullptr;
    *last_ = job;
    last_ = &job->following_;
    ++queued_;
    lock.unlock();
    wake_.notify_one();
    return true;
  }

  void cancel(JobOwner& owner) {
    std::unique_lock<std::mutex> lock(mutex_);
    Job* canceled = nullptr;
    Job** link = &first_;
    while (Job* job = *link) {
      if (&job->owner_ != &owner) {
        link = &job->following_;
        continue;
      }
      *link = job->following_;
      --queued_;
      push(canceled, job);
    }
    last_ = link;
    ended_.wait(lock, [&] { return owner.under_way_ == 0; });
    lock.unlock();
    delete_all(canceled);
    delete_all(owner.undelivered_);
  }

 private:
  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ++waiting_;
      wake_.wait(lock, [&] { return first_ != nullptr; });
      --waiting_;
      Job* const job = first_;
      first_ = job->following_;
      if (!first_) last_ = &first_;
      --queued_;
      JobOwner& owner = job->owner_;
      ++owner.under_way_;
      lock.unlock();
      job->execute();
      const bool delivered = owner.deliver(job);
      lock.lock();
      if (!delivered) push(owner.undelivered_, job);
      if (--owner.under_way_ == 0) ended_.notify_all();
    }
  }

  static void push(Job*& list, Job* job) {
    job->following_ = list;
    list = job;
  }
  static void delete_all(Job*& list) {
    while (Job* job = list) {
      list = job->following_;
      delete job;
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, ended_;
  Job *first_ = nullptr, **last_ = &first_;  // a queue
  size_t queued_ = 0, threads_ = 0, waiting_ = 0;
};

namespace {
// Never destroyed: runners may still work while the process exits.
Runners& all() {
  static Runners* const runners = new Runners;
  return *runners;
}
}  // namespace

bool runners::post(Job* job, size_t max_runners) { return all().post(job, max_runners); }
void runners::cancel(JobOwner& owner) { all().cancel(owner); }
