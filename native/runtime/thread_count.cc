// A container's quota does not show in the number of cores: four threads on a quota of one core only take turns. cgroup v2 writes
// "quota period" or "max period" to cpu.max; v1 has two files, and -1 means no limit.
#include "thread_count.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif

namespace {
#ifdef __linux__
size_t cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<size_t>(CPU_COUNT(&set));
  return std::thread::hardware_concurrency();
}

// Reads up to two numbers and returns how many there were.
int read_numbers(const char* path, double* first, double* second) {
  std::FILE* file = std::fopen(path, "r");
  if (!file) return 0;
  const int read = std::fscanf(file, "%lf %lf", first, second);
  std::fclose(file);
  return read;
}

// How many cores' worth of CPU time there is; 0 where there is no limit.
double quota() {
  double limit = 0, period = 0, unused = 0;
  if (read_numbers("/sys/fs/cgroup/cpu.max", &limit, &period) == 2 && period > 0) return limit / period;
  if (read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &limit, &unused) == 1 && limit > 0 &&
      read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, &unused) == 1 && period > 0)
    return limit / period;
  return 0;
}
#else
size_t cores() { return std::thread::hardware_concurrency(); }
double quota() { return 0; }
#endif
}  // namespace

size_t default_threads() {
  size_t threads = std::max<size_t>(cores(), 1);
  const double limit = quota();
  if (limit > 0) threads = std::min(threads, static_cast<size_t>(std::max(1.0, std::ceil(limit))));
  return threads;
}
