// Sizes rounded up: in how many parts of b does a fit, and to which multiple.
#pragma once
#include <cstddef>

constexpr size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
constexpr size_t round_up(size_t a, size_t multiple) { return divide_up(a, multiple) * multiple; }
