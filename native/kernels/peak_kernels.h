// What a core does at best in one inner step, in registers: what a kernel's rate is held against. Each family of kernels has its own.
#pragma once
#include <cstddef>

// Makes `steps` rounds of independent steps, no memory touched. Returns how many elements that was: products, distances, pairs of signs.
using Peak = size_t (*)(size_t steps);
