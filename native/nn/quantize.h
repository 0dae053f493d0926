// Floats to quantized numbers, cut into chunks for the threads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"

// y = clamp(rne(x / scale + zero_point), range), as QuantizeKernels defines it; false if some x is not finite, which no quantized number
// stands for. Q is uint8_t or int16_t.
template <class Q>
bool quantize(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* x, const Quantization<Q>& to, Q* y);
