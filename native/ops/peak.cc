#include "peak.h"

#include <atomic>
#include <cstring>

namespace {
constexpr PeakRow kPeaks[] = {
    {"dot f32", [](const KernelTable& k) { return k.dot.peak; }},
    {"l1 f32", [](const KernelTable& k) { return k.l1.peak; }},
    {"xnor", [](const KernelTable& k) { return k.xnor.peak; }},
};
}  // namespace

const PeakRow* find_peak(const char* name) {
  for (const PeakRow& row : kPeaks)
    if (std::strcmp(row.name, name) == 0) return &row;
  return nullptr;
}

double run_peak(Peak peak, ThreadPool& pool, size_t steps) {
  std::atomic<size_t> elems{0};
  pool.parallel_for(pool.threads(), [&](size_t) { elems += peak(steps); });
  return static_cast<double>(elems);
}
