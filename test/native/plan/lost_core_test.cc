// A thread that loses its core to another program holds no more than the images it is at: threads do not wait for each other at every
// layer. Here threads are held for as long as it takes.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "check.h"
#include "plan/plan.h"

namespace {
constexpr size_t kImages = 64, kElems = 16, kLayers = 3;

class Core {
 public:
  explicit Core(bool callers) : callers_(callers) {}

  // Called for images that begin. The first ones of one thread, which are there before any other's end, wait until all others have ended.
  void begin(size_t images) {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool is_caller = std::this_thread::get_id() == caller_;
    if (held_ > 0 || is_caller != callers_) {
      wait(lock, [&] { return held_ > 0; });
      return;
    }
    held_ = images;
    changed_.notify_all();
    wait(lock, [&] { return ended_ == kImages - held_; });
  }
  void end(size_t images) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ += images;
    changed_.notify_all();
  }
  bool good() const { return !late_ && held_ > 0 && ended_ == kImages; }

 private:
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, const Condition& condition) {
    if (!changed_.wait_for(lock, std::chrono::seconds(20), condition)) late_ = true;
  }

  const bool callers_;
  const std::thread::id caller_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t held_ = 0, ended_ = 0;
  bool late_ = false;
};

// y = x + 1
class Layer : public Node {
 public:
  Layer(Core& core, size_t number) : Node({kElems, DType::kF32}), core_(core), number_(number) {}
  Status run(const NodeRun& r) const override {
    if (number_ == 0) core_.begin(r.n);
    r.pool.parallel_for(r.n, [&](size_t i) {
      for (size_t e = i * kElems; e < (i + 1) * kElems; ++e) r.y.f32()[e] = r.x.f32()[e] + 1;
    });
    if (number_ + 1 == kLayers) core_.end(r.n);
    return Status::kOk;
  }

 private:
  Core& core_;
  const size_t number_;
};

// A thread is held within the images it has taken: the other one must take all the rest through the whole network meanwhile.
bool batch_goes_on(bool caller_is_held) {
  static const KernelTable no_kernels = {};
  Core core(caller_is_held);
  ThreadPool pool(2);
  Plan plan(no_kernels, pool, kElems);
  size_t value = 0;
  for (size_t i = 0; i < kLayers; ++i) value = plan.add(std::make_unique<Layer>(core, i), value);
  plan.finish(value);
  std::vector<float> x(kImages * kElems), y(kImages * kElems);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  bool good = plan.run(kImages, x.data(), y.data()) == Status::kOk && core.good();
  for (size_t i = 0; i < x.size(); ++i) good = good && y[i] == x[i] + kLayers;
  return good;
}
}  // namespace

TEST(lost_helper, "a helper that has lost its core holds no batch up") { CHECK(batch_goes_on(false)); }
TEST(lost_caller, "a caller that has lost its core holds no batch up") { CHECK(batch_goes_on(true)); }
