// Values of a plan: the input, and what its nodes make.
#pragma once
#include <cstddef>
#include <cstdint>

enum class DType { kF32, kU8 };
constexpr size_t size_of(DType dtype) { return dtype == DType::kF32 ? sizeof(float) : sizeof(uint8_t); }

// What a value of one image is made of.
struct ValueType {
  size_t elems;
  DType dtype;
  size_t bytes() const { return elems * size_of(dtype); }
};

// The elements of some images; null where a node reads no such value.
struct Value {
  const void* data;
  DType dtype;
  const float* f32() const { return static_cast<const float*>(data); }
  const uint8_t* u8() const { return static_cast<const uint8_t*>(data); }
};
struct MutableValue {
  void* data;
  DType dtype;
  float* f32() const { return static_cast<float*>(data); }
  uint8_t* u8() const { return static_cast<uint8_t*>(data); }
};
