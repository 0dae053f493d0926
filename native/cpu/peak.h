// The peaks of this machine in the micro-ops of its kernels, by name: benchmarks compare rates with them.
#pragma once
#include <string>
#include <vector>

#include "../runtime/thread_pool.h"
#include "dispatch.h"

struct NamedPeak {
  std::string name;
  Peak run;
};
// Those of a kernel table. `l1 u8` is its byte adder, and `l1 u8 NAME` each one of its instruction set.
std::vector<NamedPeak> list_peaks(const KernelTable& kernels);
// Makes `rounds` rounds on every thread at once; returns how many elements that was. The caller measures the time.
double run_peak(Peak peak, ThreadPool& pool, size_t rounds);
