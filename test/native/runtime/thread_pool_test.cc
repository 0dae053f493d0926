#include "runtime/thread_pool.h"

#include <atomic>
#include <vector>

#include "check.h"

TEST(pool_of_one, "a pool of one thread runs every index in order") {
  ThreadPool pool(1);
  std::vector<size_t> order;
  pool.parallel_for(100, [&](size_t i) { order.push_back(i); });
  CHECK(order.size() == 100);
  for (size_t i = 0; i < order.size(); ++i) CHECK(order[i] == i);
}

TEST(pool, "a pool runs every index once") {
  for (const size_t threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    std::vector<std::atomic<int>> runs(1000);
    pool.parallel_for(runs.size(), [&](size_t i) { ++runs[i]; });
    for (const auto& count : runs) CHECK(count == 1);
  }
}

TEST(chunks, "parallel_chunks covers a range once") {
  ThreadPool pool(2);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::atomic<int>> runs(t.integer(0, 200));
    const size_t chunk = t.integer(1, 50);
    pool.parallel_chunks(runs.size(), chunk, [&](size_t first, size_t count) {
      for (size_t i = first; i < first + count; ++i) ++runs[i];
    });
    for (const auto& count : runs) CHECK(count == 1);
  }
}

#if defined(__cpp_exceptions)  // WebAssembly is compiled without
TEST(pool_exception, "what an index throws on any thread reaches the caller, and the pool works on") {
  for (const size_t threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      const size_t n = 400, thrower = t.integer(0, n - 1);
      std::atomic<size_t> runs{0};
      bool caught = false;
      try {
        pool.parallel_for(n, [&](size_t i) {
          ++runs;
          if (i >= thrower) throw i;
        });
      } catch (size_t i) {
        caught = i >= thrower;
      }
      CHECK(caught && runs > 0 && runs <= n);
      std::atomic<size_t> good{0};
      pool.parallel_for(n, [&](size_t) { ++good; });
      CHECK(good == n);
    }
  }
}
#endif
