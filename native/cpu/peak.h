// The peaks of this machine in the inner steps of its kernels, by name: what a benchmark holds rates against.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"

struct PeakRow {
  const char* name;
  Peak (*of)(const KernelTable& kernels);
};
// null if there is none of that name
const PeakRow* find_peak(const char* name);
// `steps` rounds on every thread at once; returns the elements done in all. The caller measures the time.
double run_peak(Peak peak, ThreadPool& pool, size_t steps);
