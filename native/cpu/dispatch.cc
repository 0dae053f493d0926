#include "dispatch.h"

#include <atomic>
#include <cstdlib>

#include "detect.h"

namespace {
SupportedTables find_supported() {
  SupportedTables s = {};
  [[maybe_unused]] const CpuFeatures cpu = detect_cpu();
#if defined(ADDERNET_X64)
  if (cpu.avx512) s.tables[s.count++] = &kKernelsAvx512;
  if (cpu.avx2) s.tables[s.count++] = &kKernelsAvx2;
  if (cpu.sse41) s.tables[s.count++] = &kKernelsSse41;
#elif defined(ADDERNET_ARM64)
  if (cpu.neon) s.tables[s.count++] = &kKernelsNeon;
#endif
  s.tables[s.count++] = &kKernelsScalar;
  return s;
}

std::atomic<const KernelTable*>& active() {
  static std::atomic<const KernelTable*> table = [] {
    const char* forced = std::getenv("ADDERNET_ISA");
    return forced && *forced ? supported_tables().find(forced) : supported_tables().tables[0];
  }();
  return table;
}
}  // namespace

const KernelTable* SupportedTables::find(std::string_view isa) const {
  for (size_t i = 0; i < count; ++i)
    if (tables[i]->isa == isa) return tables[i];
  return nullptr;
}

const SupportedTables& supported_tables() {
  static const SupportedTables supported = find_supported();
  return supported;
}

const KernelTable* active_table() { return active(); }
void set_active_table(const KernelTable* table) { active() = table; }
