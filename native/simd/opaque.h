// Values the compiler cannot see through: empty asm statements that claim to change or to read a register.
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
template <class Register>
ALWAYS_INLINE void make_opaque(Register& r) {
  asm("" : "+" VECTOR_REGISTER(r));
}
ALWAYS_INLINE void make_opaque(uint32_t& r) { asm("" : "+r"(r)); }
ALWAYS_INLINE void make_opaque(int32_t& r) { asm("" : "+r"(r)); }
template <class Register>
ALWAYS_INLINE void keep(const Register& r) {
  asm volatile("" : : VECTOR_REGISTER(r));
}
ALWAYS_INLINE void keep(const uint32_t& r) { asm volatile("" : : "r"(r)); }
ALWAYS_INLINE void keep(const int32_t& r) { asm volatile("" : : "r"(r)); }
}  // namespace
