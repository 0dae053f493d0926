#include "thread_count.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
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

// How many cores' worth of CPU time the group at `path` may use. cgroup v2 writes "quota period" or "max period" to cpu.max; v1 has two
// files, and -1 means no limit.
double quota_of(const std::string& path) {
  double limit = 0, period = 0;
  if (std::ifstream(path + "/cpu.max") >> limit >> period && period > 0) return limit / period;
  std::ifstream(path + "/cpu.cfs_quota_us") >> limit;
  std::ifstream(path + "/cpu.cfs_period_us") >> period;
  return limit > 0 && period > 0 ? limit / period : INFINITY;
}

// The groups that hold the process, from its own to the root, each with a limit of its own. In a container they may be named as seen from
// outside, where the mounted root is already its own.
double quota_of_groups(const std::string& root, std::string group) {
  double min = quota_of(root);
  for (; group.size() > 1; group.resize(group.rfind('/'))) min = std::min(min, quota_of(root + group));
  return min;
}

// A quota does not show in the number of cores: four threads on a quota of one core only take turns.
double quota() {
  double min = INFINITY;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:group
    std::istringstream fields(line);
    std::string hierarchy, controllers, group;
    std::getline(std::getline(std::getline(fields, hierarchy, ':'), controllers, ':'), group);  // which may hold colons
    if (controllers.empty()) min = std::min(min, quota_of_groups("/sys/fs/cgroup", group));
    if (("," + controllers + ",").find(",cpu,") != std::string::npos)
      for (const std::string& folder : {std::string("cpu"), controllers})  // it may name several, in another order than this line
        min = std::min(min, quota_of_groups("/sys/fs/cgroup/" + folder, group));
  }
  return min;
}
#else
size_t cores() { return std::thread::hardware_concurrency(); }
double quota() { return INFINITY; }
#endif
}  // namespace

size_t default_threads() {
  const double limit = std::max(1.0, std::ceil(quota()));
  return static_cast<size_t>(std::min(limit, static_cast<double>(std::max<size_t>(cores(), 1))));
}
