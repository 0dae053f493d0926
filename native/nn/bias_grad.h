// gbias[c] = sum_r gy[r][c], summed in double      gy [rows][channels], a row being a pixel
#pragma once
#include <cstddef>

#include "../runtime/status.h"
#include "../runtime/thread_pool.h"

Status bias_grad(ThreadPool& pool, size_t rows, size_t channels, const float* gy, float* gbias);
