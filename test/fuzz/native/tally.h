// Counts the calls of each operation on each instruction set, and prints them when the process ends.
#pragma once

void tally(const char* operation, const char* isa);
