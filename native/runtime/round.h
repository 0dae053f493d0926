// Sizes rounded up, to parts of b and to a multiple; and how many of a size fit into a limit, at least one.
#pragma once
#include <cstddef>

constexpr size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
constexpr size_t round_up(size_t a, size_t multiple) { return divide_up(a, multiple) * multiple; }
constexpr size_t fit_count(size_t limit, size_t size) { return size == 0 || size > limit ? 1 : limit / size; }
