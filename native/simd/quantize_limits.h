// The least and the largest number of a quantized type, as floats.
#pragma once
#include <cstdint>

namespace {
template <class Q>
constexpr float kLeast = 0;
template <class Q>
constexpr float kLargest = 255;
template <>
constexpr float kLeast<int16_t> = -32768;
template <>
constexpr float kLargest<int16_t> = 32767;
}  // namespace
