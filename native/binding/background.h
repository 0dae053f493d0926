// Work beside JavaScript, on threads of our own (runtime/runners.h): what Napi::AsyncWorker does on libuv's, which fs, dns and crypto need.
// Work under way keeps the process alive. Where an environment ends, what was not begun is dropped, and what is under way is waited for.
#pragma once
#include <napi.h>

#include <memory>

#include "../runtime/runners.h"

class Background : public Job {
 public:
  explicit Background(Napi::Env env);
  // On the thread of JavaScript, after execute(); not called where the environment ends first. What it throws is an uncaught exception.
  virtual void finish(Napi::Env env) = 0;
};

// Throws ERR_MEMORY if the system gives no thread.
void start(Napi::Env env, std::unique_ptr<Background> work);
