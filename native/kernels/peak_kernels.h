// The rate at which a core at best makes one micro-op, in registers: a kernel's rate is compared with it. Each family of kernels has its
// own.
#pragma once
#include <cstddef>

// Makes `rounds` rounds of independent micro-ops, no memory touched. Returns how many elements that was: products, distances, pairs of
// signs.
using Peak = size_t (*)(size_t rounds);
