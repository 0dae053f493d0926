#include "kernel_table.h"
#include "../simd/vec_avx512.h"
#include "../simd/bits_avx512.h"
#include "xnor_tile.inl.h"
#include "peak.inl.h"

static constexpr XnorTile kXnorTiles[] = {kXnorTile<6, 4>,
                                          kXnorTile<4, 4>,
                                          kXnorTile<2, 4>,
                                          kXnorTile<1, 4>,
                                          kXnorTile<8, 2>,
                                          kXnorTile<4, 2>,
                                          kXnorTile<2, 2>,
                                          kXnorTile<1, 2>,
                                          kXnorTile<8, 1>,
                                          kXnorTile<4, 1>,
                                          kXnorTile<2, 1>,
                                          kXnorTile<1, 1>,
                                          {}};

const XnorKernels kKernelsAvx512Vpopcntdq = {kSignsPerWord, pack_signs, kXnorTiles, peak<SignStep>};
