// Adder convolutions of bytes whose filters slide along rows (kernels/sliding_kernels.h), a form of PackedIntegerConv2d.
#pragma once
#include "integer.h"

// Whether the form fits: 3 or 4 columns of taps side by side, a pixel after another, no symmetric padding, which its planes do not know,
// and lanes full enough to gain.
bool fits_sliding_rows(const KernelTable& kernels, const Conv2dShape& s);
// As pack_adder_conv2d. x, w and pad_value are taken with `flip`: 0x80 for signed bytes, whose distances it leaves as they are.
std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_sliding_rows(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                const uint8_t* w, uint8_t pad_value, uint8_t flip);
