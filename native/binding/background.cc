#include "background.h"

#include <algorithm>

#include "errors.h"
#include "runtime.h"

namespace {
// The way back to an environment's event loop: made with its first work, deleted with its thread-safe function. That closes where the
// environment ends, and a call behind that would crash. So a hook, which Node runs before, waits until the runners are done with it.
class EventLoop : public JobOwner {
 public:
  static EventLoop& of(Napi::Env env) {
    EventLoop* loop = env.GetInstanceData<EventLoop>();
    if (!loop) {
      loop = new EventLoop(env);
      env.SetInstanceData<EventLoop, forget>(loop);
    }
    return *loop;
  }

  // Only the thread of JavaScript calls these two.
  void begin(Napi::Env env) {
    if (under_way_++ == 0) finished_.Ref(env);
  }
  void end(Napi::Env env) {
    if (--under_way_ == 0) finished_.Unref(env);
  }

  bool deliver(Job* job) override { return finished_.NonBlockingCall(static_cast<Background*>(job)) == napi_ok; }

 private:
  static void call_finish(Napi::Env env, Napi::Function, EventLoop* loop, Background* work) {
    const std::unique_ptr<Background> own(work);
    if (env == nullptr) return;  // it ends
    loop->end(env);
    with_coded_errors(env, "addernet", [&] { work->finish(env, work->status()); });
  }
  static void close(void* loop) {
    runners::cancel(*static_cast<EventLoop*>(loop));
    static_cast<EventLoop*>(loop)->finished_.Release();
  }
  static void closed(Napi::Env env, void*, EventLoop* loop) {
    napi_remove_env_cleanup_hook(env, close, loop);
    runners::cancel(*loop);
    delete loop;
  }
  static void forget(Napi::Env, EventLoop*) {}

  explicit EventLoop(Napi::Env env) : finished_(Finished::New(env, "addernet", 0, 1, this, closed)) {
    finished_.Unref(env);
    napi_add_env_cleanup_hook(env, close, this);
  }

  using Finished = Napi::TypedThreadSafeFunction<EventLoop, Background, call_finish>;
  Finished finished_;
  size_t under_way_ = 0;
};
}  // namespace

Background::Background(Napi::Env env) : Job(EventLoop::of(env)) {}

void Background::execute() {
  try {
    status_ = work();
  } catch (const std::bad_alloc&) {
    status_ = Status::kMemory;
  } catch (...) {
    status_ = Status::kInternal;
  }
}

void start(Napi::Env env, std::unique_ptr<Background> work) {
  // As many as there are threads to compute with, and at least two, so that a long job does not hold up all others.
  if (!runners::post(work.get(), std::max<size_t>(threads(env).threads(), 2)))
    throw_coded(env, "ERR_MEMORY", "the system gives no thread to work on");
  static_cast<void>(work.release());  // the runners own it now
  EventLoop::of(env).begin(env);
}
