// How tiles and primitives are compiled: inlined always, and unrolled by name, since -O2 alone leaves sums in memory (30 instead of 107 G
// elements/s). Macros, so that nothing leaves a kernel file.
#pragma once

#define ALWAYS_INLINE __attribute__((always_inline)) inline
#define UNROLL _Pragma("GCC unroll 32")
