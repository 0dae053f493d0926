// What several threads do at once, for the thread sanitizer and for results: plans that share one pool of workers while the number of its
// threads changes, and jobs whose memory is out on some of their threads.
#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include "check.h"
#include "cpu/dispatch.h"
#include "plan/plan.h"
#include "runtime/run_tasks.h"
#include "runtime/scratch.h"

namespace {
constexpr size_t kCallers = 4, kRounds = 12, kMaxImages = 7;

struct Network {
  Conv2dShape shape;
  std::vector<float> filters, scale, shift, x;

  explicit Network(Test& t) {
    const int32_t geometry[kConv2dGeometryLength] = {1, 9, 7, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    CHECK(make_conv2d_shape(geometry, &shape) == Status::kOk);
    for (auto [values, count] :
         {std::pair{&filters, shape.w_elems}, {&scale, shape.co}, {&shift, shape.co}, {&x, kMaxImages * shape.x_elems}})
      for (size_t i = 0; i < count; ++i) values->push_back(t.uniform(-2, 2));
  }

  // Adder layer, conv layer with the first one as its residual, quantized adder layer.
  bool build(const KernelTable& kernels, ThreadPool& pool, Plan& plan) const {
    const Epilogue epilogue = {nullptr, scale.data(), shift.data(), kRelu};
    const size_t first = plan.add(make_conv2d_node(kernels, pool, ConvKind::kAdder, shape, filters.data(), epilogue), 0);
    const size_t second = plan.add(make_conv2d_node(kernels, pool, ConvKind::kConv, shape, filters.data(), epilogue), first, first);
    const size_t bytes = plan.add(make_quantize_node<uint8_t>(shape.y_elems, {0.1f, 0, {0, 255}}), second);
    const std::vector<uint8_t> weights(shape.w_elems, 3);
    const QuantizedEpilogue<uint8_t> to_floats = {scale.data(), shift.data(), 1, true, {}, kNoActivation};
    const size_t output =
        plan.add(make_quantized_conv2d_node(pack_adder_conv2d(kernels, pool, shape, weights.data(), 0), shape, to_floats), bytes, second);
    return plan.finish(output) == Status::kOk;
  }
  std::vector<float> run(Plan& plan, size_t n) const {
    std::vector<float> y(n * shape.y_elems);
    if (plan.run(n, x.data(), y.data()) != Status::kOk) y.clear();
    return y;
  }
};

// use(i) on so many threads at once.
template <class Use>
void at_once(size_t count, const Use& use) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i)
    threads.emplace_back([&use, i] {
      use(i);
      free_thread_scratch();
    });
  for (std::thread& thread : threads) thread.join();
}
}  // namespace

TEST(concurrent_plans, "plans that run at once while the number of threads changes give what one gives alone") {
  const Network network(t);
  const SupportedTables& supported = supported_tables();
  for (size_t table = 0; table < supported.count; ++table) {
    const KernelTable& kernels = *supported.tables[table];
    ThreadPool one(1), shared(3);
    std::vector<std::vector<float>> expected;
    {
      Plan plan(kernels, one, network.shape.x_elems);
      CHECK(network.build(kernels, one, plan));
      for (size_t n = 1; n <= kMaxImages; ++n) expected.push_back(network.run(plan, n));
    }
    std::atomic<bool> good{true}, over{false};
    std::thread changer([&] {
      for (size_t i = 0; !over; ++i) {
        shared.set_threads(i % 5 + 1);
        std::this_thread::yield();
      }
    });
    at_once(kCallers, [&](size_t caller) {
      ThreadPool own(caller % 3 + 1);
      ThreadPool& pool = caller % 2 ? shared : own;
      for (size_t round = 0; round < kRounds; ++round) {  // made, run and freed beside the others
        Plan plan(kernels, pool, network.shape.x_elems);
        if (!network.build(kernels, pool, plan)) good = false;
        for (size_t n = 1; n <= kMaxImages; ++n)
          if (network.run(plan, n) != expected[n - 1]) good = false;
      }
    });
    over = true;
    changer.join();
    CHECK(good);
  }
}

TEST(memory_of_workers, "memory that is out on some threads of a job fails this job, and no other at the same time") {
  std::atomic<bool> good{true};
  ThreadPool pool(3);
  at_once(kCallers, [&](size_t caller) {
    for (size_t round = 0; round < 50; ++round) {
      const size_t failing = (caller + round) % 2 ? SIZE_MAX : round;
      const Status status = run_tasks(pool, 60, [&](size_t i) {
        auto* const memory = static_cast<unsigned char*>(thread_scratch(i == failing ? SIZE_MAX : 1000 + 100 * i));
        if (!memory) return false;
        memory[999] = static_cast<unsigned char>(i);
        return memory[999] == static_cast<unsigned char>(i);
      });
      if ((status == Status::kOk) != (failing == SIZE_MAX)) good = false;
      bool caught = false;
      try {
        pool.parallel_for(60, [&](size_t i) {
          if (i == failing) throw std::bad_alloc();
        });
      } catch (const std::bad_alloc&) {
        caught = true;
      }
      if (caught != (failing != SIZE_MAX)) good = false;
    }
  });
  CHECK(good);
}
