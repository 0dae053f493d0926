#include "quantize.h"

#include <atomic>

#include "../runtime/block_sizes.h"

bool quantize(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* x, float scale, uint8_t zero_point, uint8_t q_max,
              uint8_t* y) {
  std::atomic<bool> finite{true};
  pool.parallel_chunks(n, kChunkElems, [&](size_t first, size_t count) {
    if (!kernels.quantization.quantize(count, x + first, scale, zero_point, q_max, y + first)) finite = false;
  });
  return finite;
}
