#include "peak.h"

#include <atomic>
#include <cstring>

namespace {
constexpr PeakRow kPeaks[] = {
    {"add f32", [](const KernelTable& k) { return k.addition; }},
    {"dot f32", [](const KernelTable& k) { return k.dot.peak; }},
    {"l1 f32", [](const KernelTable& k) { return k.l1.peak; }},
    {"xnor", [](const KernelTable& k) { return k.xnor.peak; }},
    {"l1 u8", [](const KernelTable& k) { return k.integer.l1_8.peak; }},
    {"l1 i16", [](const KernelTable& k) { return k.integer.l1_16.peak; }},
    {"dot 8-bit", [](const KernelTable& k) { return k.integer.dot_8.peak; }},
    {"dot 7-bit", [](const KernelTable& k) { return k.integer.dot_7.peak; }},
};
}  // namespace

const PeakRow* find_peak(const char* name) {
  for (const PeakRow& row : kPeaks)
    if (std::strcmp(row.name, name) == 0) return &row;
  return nullptr;
}

double run_peak(Peak peak, ThreadPool& pool, size_t rounds) {
  std::atomic<size_t> elems{0};
  pool.parallel_for(pool.threads(), [&](size_t) { elems += peak(rounds); });
  return static_cast<double>(elems);
}
