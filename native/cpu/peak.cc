#include "peak.h"

#include <atomic>

namespace {
Peak byte_adder_peak(const KernelTable& kernels) {
  return kernels.integer.sliding ? kernels.integer.sliding->peak : kernels.integer.l1_8.peak;
}
}  // namespace

std::vector<NamedPeak> list_peaks(const KernelTable& kernels) {
  const IntegerKernels& integer = kernels.integer;
  std::vector<NamedPeak> peaks = {
      {"add f32", kernels.addition},     {"dot f32", kernels.dot.peak},       {"l1 f32", kernels.l1.peak},
      {"xnor", kernels.xnor.peak},       {"l1 u8", byte_adder_peak(kernels)}, {"l1 i16", integer.l1_16.peak},
      {"dot 8-bit", integer.dot_8.peak}, {"dot 7-bit", integer.dot_7.peak},
  };
  const InstructionSet& set = supported_tables().set_of(kernels);
  for (size_t i = 0; i < set.count; ++i)
    peaks.push_back({"l1 u8 " + std::string(set.tables[i]->byte_adder), byte_adder_peak(*set.tables[i])});
  if (integer.vmpsadbw) peaks.push_back({"l1 u8 vmpsadbw", integer.vmpsadbw});
  return peaks;
}

double run_peak(Peak peak, ThreadPool& pool, size_t rounds) {
  std::atomic<size_t> elems{0};
  pool.parallel_for(pool.threads(), [&](size_t) { elems += peak(rounds); });
  return static_cast<double>(elems);
}
