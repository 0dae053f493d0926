// How many threads this process should use where nobody said.
#pragma once
#include <cstddef>

// Cores this process may run on, or its container's CPU quota where that is less; at least 1.
size_t default_threads();
