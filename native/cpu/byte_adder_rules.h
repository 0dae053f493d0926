// Which byte adder a CPU gets: by its instruction set and make, never by timing, so that equal machines run equal code. The reasons are
// ports (10^9 pairs a second of one core, in registers; bench kernels measures them):
//
//   - Intel has one port for psadbw (two from 256 bits on are for max, add and dot products), and vdbpsadbw makes twice as many differences
//     there: Sapphire Rapids psadbw 138, max_dot 178, mixed 190, vdbpsadbw 208.
//   - Zen 4 and 5 have two, the same two as vpdpbusd, and psadbw's additions get in their way: mixed 222, psadbw 167, max_dot 188 (Zen 4).
//     vdbpsadbw is two micro-ops there.
//   - Without VNNI max_dot is three instructions, which pay on Intel alone, where they take turns with psadbw: 117 for 95 with 256 bits.
#pragma once
#include "detect.h"

struct ByteAdderRule {
  const char* isa;
  bool intel_only;
  const char* best_first[4];  // names that the instruction set lacks are passed over
};

// The first that fits holds.
constexpr ByteAdderRule kByteAdderRules[] = {
    {"avx512_vnni", true, {"vdbpsadbw", "mixed", "max_dot", "psadbw"}},
    {"avx512_vnni", false, {"mixed", "vdbpsadbw", "max_dot", "psadbw"}},
    {"avx512", true, {"vdbpsadbw", "mixed", "psadbw", "max_dot"}},
    {"avx512", false, {"psadbw", "vdbpsadbw", "mixed", "max_dot"}},
    {"avx2_vnni", false, {"mixed", "max_dot", "psadbw"}},
    {"avx2", true, {"mixed", "psadbw", "max_dot"}},
    {"avx2", false, {"psadbw", "mixed", "max_dot"}},
    {"sse41", false, {"psadbw", "max_dot"}},
    {"neon_dotprod", false, {"uabd"}},
    {"neon", false, {"uabd"}},
    {"scalar", false, {"scalar"}},
};
