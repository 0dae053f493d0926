// How many threads this process should use unless it is given a number.
#pragma once
#include <cstddef>

// The number of cores this process may run on, or the CPU quota of its control groups where that is less; at least 1.
size_t default_threads();
