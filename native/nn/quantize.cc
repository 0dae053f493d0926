#include "quantize.h"

#include <atomic>

#include "../runtime/block_sizes.h"

template <class Q>
bool quantize(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* x, const Quantization<Q>& to, Q* y) {
  std::atomic<bool> finite{true};
  pool.parallel_chunks(n, kChunkElems, [&](size_t first, size_t count) {
    if (!kernels.quantization.of<Q>().quantize(count, x + first, to, y + first)) finite = false;
  });
  return finite;
}
template bool quantize(const KernelTable&, ThreadPool&, size_t, const float*, const Quantization<uint8_t>&, uint8_t*);
template bool quantize(const KernelTable&, ThreadPool&, size_t, const float*, const Quantization<int16_t>&, int16_t*);
