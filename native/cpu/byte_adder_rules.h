// Which byte adder a CPU gets: by its instruction set and make, never by timing, so that equal machines run equal code. The reasons are
// ports (10^9 pairs a second of one core, in registers; `bench kernels` measures them):
//
//   - Most Intel cores have one port for psadbw, where two or three take max, dot products and additions; vdbpsadbw makes twice as many
//     differences on that port. Sapphire Rapids: psadbw 138, max_dot 178, mixed 190, vdbpsadbw 208.
//   - Zen 4 has two, the same two as vpdpbusd, and the additions that follow psadbw get in their way: psadbw 167, max_dot 188, mixed 222,
//     which is their bound. vdbpsadbw is two micro-ops there.
//   - Without VNNI max_dot is three instructions. In turn with psadbw they pay with 512 bits (tiles on Zen 4: 176 to 184 for 170, vdbpsadbw
//   174
//     to 197), and with 256 bits on Intel alone (Haswell and later: 117 for 95).
//   - With 128 bits psadbw wins (tiles on Zen 4: 88 for 66).
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
    {"avx512", false, {"vdbpsadbw", "mixed", "psadbw", "max_dot"}},
    {"avx2_vnni", false, {"mixed", "max_dot", "psadbw"}},
    {"avx2", true, {"mixed", "psadbw", "max_dot"}},
    {"avx2", false, {"psadbw", "mixed", "max_dot"}},
    {"sse41", false, {"psadbw"}},
    {"neon_dotprod", false, {"uabd"}},
    {"neon", false, {"uabd"}},
    {"scalar", false, {"scalar"}},
};
