#include "dispatch.h"

#include <atomic>
#include <cstdlib>

#include "detect.h"

namespace {
#if defined(ADDERNET_X64)
KernelTable with_dot(KernelTable table, const char* isa, const IntegerProduct& dot) {
  table.isa = isa;
  table.integer.dot_8 = table.integer.dot_7 = dot;
  return table;
}
// Every CPU with VPOPCNTDQ has VNNI besides, but for one that is no longer made.
const KernelTable& avx512_vnni(bool vpopcntdq) {
  static const KernelTable table = [vpopcntdq] {
    KernelTable table = with_dot(kKernelsAvx512, "avx512_vnni", kKernelsAvx512Vnni);
    if (vpopcntdq) table.xnor = kKernelsAvx512Vpopcntdq;
    return table;
  }();
  return table;
}
#if defined(ADDERNET_AVX2_VNNI)
const KernelTable& avx2_vnni() {
  static const KernelTable table = with_dot(kKernelsAvx2, "avx2_vnni", kKernelsAvx2Vnni);
  return table;
}
#endif
#elif defined(ADDERNET_ARM64)
const KernelTable& neon_dotprod() {
  static const KernelTable table = [] {
    KernelTable table = kKernelsNeon;
    table.isa = "neon_dotprod";
    table.integer = kKernelsNeonDotprod;
    return table;
  }();
  return table;
}
#endif

SupportedTables find_supported() {
  SupportedTables s = {};
  [[maybe_unused]] const CpuFeatures cpu = detect_cpu();
#if defined(ADDERNET_X64)
  if (cpu.avx512_vnni) s.tables[s.count++] = &avx512_vnni(cpu.avx512_vpopcntdq);
  if (cpu.avx512) s.tables[s.count++] = &kKernelsAvx512;
#if defined(ADDERNET_AVX2_VNNI)
  if (cpu.avx2_vnni) s.tables[s.count++] = &avx2_vnni();
#endif
  if (cpu.avx2) s.tables[s.count++] = &kKernelsAvx2;
  if (cpu.sse41) s.tables[s.count++] = &kKernelsSse41;
#elif defined(ADDERNET_ARM64)
  if (cpu.neon_dotprod) s.tables[s.count++] = &neon_dotprod();
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
