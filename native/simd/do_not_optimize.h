// Values the compiler cannot see through: empty asm statements that claim to change a register, or to read one.
#pragma once
#include <cstdint>

#include "unroll.h"

#if defined(__x86_64__)
#define VECTOR_REGISTER "v"
#elif defined(__aarch64__)
#define VECTOR_REGISTER "w"
#else
#define VECTOR_REGISTER "m"
#endif

namespace {
// The value may have changed.
template <class Register>
ALWAYS_INLINE void do_not_optimize(Register& r) {
  Register copy = r;  // the one that goes to memory, where a vector cannot be named otherwise
  asm("" : "+" VECTOR_REGISTER(copy));
  r = copy;
}
ALWAYS_INLINE void do_not_optimize(uint32_t& r) { asm("" : "+r"(r)); }
ALWAYS_INLINE void do_not_optimize(int32_t& r) { asm("" : "+r"(r)); }
// The value is needed.
template <class Register>
ALWAYS_INLINE void do_not_optimize(const Register& r) {
  asm volatile("" : : VECTOR_REGISTER(r));
}
ALWAYS_INLINE void do_not_optimize(const uint32_t& r) { asm volatile("" : : "r"(r)); }
ALWAYS_INLINE void do_not_optimize(const int32_t& r) { asm volatile("" : : "r"(r)); }
}  // namespace
