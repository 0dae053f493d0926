// Which instruction sets this CPU and its operating system let us use.
#pragma once

struct CpuFeatures {
  bool is_intel = false;  // the make: which of two ways is the faster depends on it
  bool sse41 = false;
  bool avx2 = false;              // with FMA
  bool avx512 = false;            // F, BW, VL and DQ, with AVX2
  bool avx512_vpopcntdq = false;  // with avx512
  bool neon = false;
  bool avx2_vnni = false;     // AVX-VNNI, with avx2
  bool avx512_vnni = false;   // with avx512
  bool neon_dotprod = false;  // with neon
};
CpuFeatures detect_cpu();
