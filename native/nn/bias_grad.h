// gbias[c] = sum_r gy[r][c]      gy [rows][channels], a row being a pixel
#pragma once
#include <cstddef>

#include "../kernels/kernel_table.h"
#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

Status bias_grad(const KernelTable& kernels, ThreadPool& pool, size_t rows, size_t channels, const float* gy, float* gbias);
