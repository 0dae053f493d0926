// Values of a plan: the input, and what its nodes make.
#pragma once
#include <cstddef>
#include <cstdint>

enum class DType { kF32, kU8, kI16 };
constexpr size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return sizeof(float);
    case DType::kI16:
      return sizeof(int16_t);
    default:
      return sizeof(uint8_t);
  }
}
template <class T>
constexpr DType kDTypeOf = DType::kF32;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kU8;
template <>
inline constexpr DType kDTypeOf<int16_t> = DType::kI16;

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
  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};
struct MutableValue {
  void* data;
  DType dtype;
  float* f32() const { return static_cast<float*>(data); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};
