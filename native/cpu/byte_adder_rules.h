// Which byte adder a CPU gets: by its instruction set and make, never by timing, so that equal machines run equal code. The reasons are
// ports (10^9 pairs a second of one core, in registers; `bench kernels` measures them):
//
//   - Most Intel cores have one port for psadbw, where two or three take max, dot products and additions; vdbpsadbw makes twice as many
//     differences on that port. Sapphire Rapids: psadbw 138, max_dot 178, mixed 190, vdbpsadbw 208.
//   - Zen 4 has two, those of vpdpbusd as well, and the additions that follow psadbw get in their way: psadbw 169, mixed 231, max_dot and
//     vdbpsadbw 235, the bound of two ports. In layers mixed is the best, 167 to 215; max_dot has 164 to 209, and vdbpsadbw, which makes
//     planes of pixels first, 96 to 196.
//   - Without VNNI max_dot is three instructions. With 512 bits they pay in turn with psadbw (layers on Zen 4: 163 to 184 for 169 to 171,
//     vdbpsadbw 169 to 197); with 256 bits on Intel alone (Sapphire Rapids: 117 for 95; Zen 4: layers 126 to 156 for 145 to 179).
//   - With 128 bits psadbw wins (layers on Zen 4: 74 to 90, max_dot 53 to 66).
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
    {"wasm_simd128", false, {"max_add"}},
    {"scalar", false, {"scalar"}},
};
