// From JavaScript values to plain views, and from failures to coded errors. lib/ has checked and named everything a user can get wrong;
// what is checked again here keeps native code within its buffers whatever calls it.
#pragma once
#include <napi.h>

#include <cmath>
#include <limits>
#include <string>

#include "../conv2d/shape.h"
#include "../runtime/status.h"

[[noreturn]] inline void throw_coded(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

template <class T>
constexpr napi_typedarray_type kArrayType = napi_float32_array;
template <>
inline constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;
template <>
inline constexpr napi_typedarray_type kArrayType<int32_t> = napi_int32_array;
template <>
inline constexpr napi_typedarray_type kArrayType<int16_t> = napi_int16_array;
template <>
inline constexpr napi_typedarray_type kArrayType<int8_t> = napi_int8_array;
template <>
inline constexpr napi_typedarray_type kArrayType<uint8_t> = napi_uint8_array;

// A typed array's elements. A detached one has length 0.
template <class T>
struct View {
  T* data;
  size_t length;
};

class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* op) : info_(info), op_(op) {}

  Napi::Env env() const { return info_.Env(); }
  bool absent(size_t i) const { return info_[i].IsUndefined(); }
  template <class T>
  bool is_array(size_t i) const {
    return info_[i].IsTypedArray() && info_[i].As<Napi::TypedArray>().TypedArrayType() == kArrayType<T>;
  }
  template <class T>
  View<T> array(size_t i, const char* name) const {
    const Napi::Value value = info_[i];
    if (!is_array<T>(i)) fail("ERR_DTYPE", std::string(name) + " is a typed array of another type than expected");
    Napi::TypedArrayOf<T> array = value.As<Napi::TypedArrayOf<T>>();
    return {array.Data(), array.ElementLength()};
  }
  template <class T>
  View<T> array(size_t i, const char* name, size_t length) const {
    const View<T> view = array<T>(i, name);
    if (view.length != length)
      fail("ERR_SHAPE", std::string(name) + " has " + std::to_string(view.length) + " elements, expected " + std::to_string(length));
    return view;
  }
  // For use after the call: of a SharedArrayBuffer, which can be neither detached nor shrunk. Whoever keeps the view refers to the array.
  template <class T>
  View<T> shared_array(size_t i, const char* name) const {
    const View<T> view = array<T>(i, name);
    napi_value buffer;
    bool detachable = true;
    if (napi_get_typedarray_info(info_.Env(), info_[i], nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok ||
        napi_is_arraybuffer(info_.Env(), buffer, &detachable) != napi_ok || detachable)
      fail("ERR_ARGUMENT", std::string(name) + " does not lie on a SharedArrayBuffer");
    return view;
  }
  // null where the argument is undefined
  View<float> optional_floats(size_t i, const char* name, size_t length) const {
    if (absent(i)) return {nullptr, 0};
    return array<float>(i, name, length);
  }
  double number(size_t i, const char* name) const {
    if (!info_[i].IsNumber()) fail("ERR_ARGUMENT", std::string(name) + " is not a number");
    return info_[i].As<Napi::Number>().DoubleValue();
  }
  // Of the numbers that T holds.
  template <class T>
  T integer(size_t i, const char* name) const {
    const double value = number(i, name);
    if (!(value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max()) || value != std::trunc(value))
      fail("ERR_ARGUMENT", std::string(name) + " is not an integer of its type");
    return static_cast<T>(value);
  }
  bool boolean(size_t i, const char* name) const {
    if (!info_[i].IsBoolean()) fail("ERR_ARGUMENT", std::string(name) + " is not a boolean");
    return info_[i].As<Napi::Boolean>().Value();
  }
  ConvShape conv_shape(size_t i) const {
    const View<int32_t> geometry = array<int32_t>(i, "geometry", kConvGeometryLength);
    ConvShape shape;
    check(make_conv_shape(geometry.data, &shape));
    return shape;
  }
  template <class T, class U>
  void apart(const View<T>& out, const View<U>& in, const char* name) const {
    const auto begin = [](const auto& v) { return reinterpret_cast<uintptr_t>(v.data); };
    const auto end = [](const auto& v) { return reinterpret_cast<uintptr_t>(v.data + v.length); };
    if (begin(out) < end(in) && begin(in) < end(out)) fail("ERR_ARGUMENT", std::string("out overlaps ") + name);
  }
  void check(Status status) const {
    if (status == Status::kShape) fail("ERR_SHAPE", "sizes do not fit each other or are too large");
    if (status == Status::kMemory) fail("ERR_MEMORY", "not enough memory for working buffers");
    if (status == Status::kNotFinite) fail("ERR_ARGUMENT", "x holds a number that is not finite");
  }
  [[noreturn]] void fail(const char* code, const std::string& message) const { throw_coded(info_.Env(), code, op_ + (": " + message)); }

 private:
  const Napi::CallbackInfo& info_;
  const std::string op_;
};
