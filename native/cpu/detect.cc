// CPUID says what the CPU has; XCR0 says which registers the operating system saves. Both are needed: a register that is not saved
// loses its upper half at the next switch of threads. On AArch64 NEON is part of the architecture.
#include "detect.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>

#include <cstdint>

namespace {
struct Cpuid {
  uint32_t a, b, c, d;
};

Cpuid cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Cpuid r = {};
  __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
  return r;
}

uint64_t xcr0() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

bool bit(uint32_t word, int i) { return (word >> i) & 1; }
}  // namespace

CpuFeatures detect_cpu() {
  CpuFeatures f;
  const Cpuid first = cpuid(0);
  const uint32_t leaves = first.a;
  f.is_intel = first.b == 0x756e6547 && first.d == 0x49656e69 && first.c == 0x6c65746e;  // "Genu", "ineI", "ntel"
  const Cpuid basic = cpuid(1);
  f.sse41 = bit(basic.c, 19);
  const bool fma = bit(basic.c, 12), osxsave = bit(basic.c, 27), avx = bit(basic.c, 28);
  if (leaves < 7 || !osxsave || !avx) return f;

  const uint64_t saved = xcr0();
  const bool ymm = (saved & 0x06) == 0x06;  // XMM, YMM
  const bool zmm = (saved & 0xe6) == 0xe6;  // and the mask registers, the upper halves, the upper sixteen
  const Cpuid seventh = cpuid(7);
  const uint32_t extended = seventh.b;
  f.avx2 = ymm && fma && bit(extended, 5);
  f.avx512 = f.avx2 && zmm && bit(extended, 16) && bit(extended, 17) && bit(extended, 30) && bit(extended, 31);
  f.avx512_vpopcntdq = f.avx512 && bit(seventh.c, 14);
  f.avx512_vnni = f.avx512 && bit(seventh.c, 11);
  f.avx2_vnni = f.avx2 && seventh.a >= 1 && bit(cpuid(7, 1).a, 4);
  return f;
}
#elif defined(__aarch64__) || defined(_M_ARM64)
#if defined(__linux__)
#include <sys/auxv.h>

static bool has_dotprod() { return getauxval(AT_HWCAP) & (1ul << 20); }  // HWCAP_ASIMDDP, which older headers lack
#elif defined(__APPLE__)
#include <sys/sysctl.h>

static bool has_dotprod() {
  int has = 0;
  size_t bytes = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &bytes, nullptr, 0) == 0 && has != 0;
}
#else
static bool has_dotprod() { return false; }
#endif

CpuFeatures detect_cpu() {
  CpuFeatures f;
  f.neon = true;
  f.neon_dotprod = has_dotprod();
  return f;
}
#else
CpuFeatures detect_cpu() { return {}; }
#endif
