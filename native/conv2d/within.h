#pragma once
#include <cstddef>

#include "../runtime/thread_pool.h"

// Whether |x| <= max everywhere, which no NaN is.
bool all_within(ThreadPool& pool, size_t n, const float* x, float max);
