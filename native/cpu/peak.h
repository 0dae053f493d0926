// The peaks of this machine in the micro-ops of its kernels, by name: benchmarks compare rates with them.
#pragma once
#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"

struct PeakRow {
  const char* name;
  Peak (*of)(const KernelTable& kernels);
};
// null if there is none of that name
const PeakRow* find_peak(const char* name);
// Makes `rounds` rounds on every thread at once; returns how many elements that was. The caller measures the time.
double run_peak(Peak peak, ThreadPool& pool, size_t rounds);
