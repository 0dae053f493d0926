// Floats to quantized numbers, cut into chunks for the threads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"

// y = clamp(rne(x / scale + zero_point), 0, q_max), as QuantizeKernels defines it; false if some x is not finite, which no quantized number
// stands for
bool quantize(const KernelTable& kernels, ThreadPool& pool, size_t n, const float* x, float scale, uint8_t zero_point, uint8_t q_max,
              uint8_t* y);
