// Asynchronous work on the runners (runtime/runners.h): what Napi::AsyncWorker does on libuv's threads, which fs, dns and crypto need. The
// process stays alive while work is under way. Where an environment ends, work that was not begun is deleted, and its end waits for the
// rest.
#pragma once
#include <napi.h>

#include <memory>

#include "../runtime/runners.h"
#include "../runtime/status.h"

class Background : public Job {
 public:
  explicit Background(Napi::Env env);
  void execute() final;
  // On the thread of JavaScript, after work(); not called where the environment ends first. What it throws is an uncaught exception.
  virtual void finish(Napi::Env env, Status status) = 0;
  Status status() const { return status_; }

 private:
  // On a runner, where no exception may leave it: its status is what became of the work.
  virtual Status work() = 0;

  Status status_ = Status::kOk;
};

// Throws ERR_MEMORY if the system gives no thread.
void start(Napi::Env env, std::unique_ptr<Background> work);
