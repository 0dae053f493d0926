#include "within.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "../runtime/block_sizes.h"

// Without their signs floats have the order of their bits.
bool all_within(ThreadPool& pool, size_t n, const float* x, float max) {
  std::atomic<bool> within{true};
  pool.parallel_chunks(n, kChunkElems, [&](size_t first, size_t count) {
    int32_t limit, beyond = 0;
    std::memcpy(&limit, &max, sizeof limit);
    for (size_t i = first; i < first + count; ++i) {
      int32_t bits;
      std::memcpy(&bits, x + i, sizeof bits);
      beyond |= (bits & INT32_MAX) > limit ? -1 : 0;
    }
    if (beyond) within = false;
  });
  return within;
}
