// From JavaScript values to plain views, and from failures to coded errors. lib/ has checked and named everything a user can get wrong;
// what is checked again here keeps native code within its buffers whatever calls it.
#pragma once
#include <napi.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "../conv2d/shape.h"
#include "errors.h"

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

// A typed array's elements: View<const T> of an input, View<T> of what is written. A detached array has length 0.
template <class T>
struct View {
  T* data;
  size_t length;
};

class Arguments;

// One argument of a call, or one field of an object that is one.
class Argument {
 public:
  Argument(const Arguments& call, Napi::Value value, const char* name) : call_(call), value_(value), name_(name) {}

  std::string_view name() const { return name_; }
  bool absent() const { return value_.IsUndefined(); }
  template <class T>
  bool is_array() const {
    napi_typedarray_type type;
    return napi_get_typedarray_info(value_.Env(), value_, &type, nullptr, nullptr, nullptr, nullptr) == napi_ok &&
           type == kArrayType<std::remove_const_t<T>>;
  }
  template <class T>
  View<T> array() const {
    napi_typedarray_type type;
    View<T> view;
    void* data;
    if (napi_get_typedarray_info(value_.Env(), value_, &type, &view.length, &data, nullptr, nullptr) != napi_ok ||
        type != kArrayType<std::remove_const_t<T>>)
      fail("ERR_DTYPE", "is a typed array of another type than expected");
    view.data = static_cast<T*>(data);
    return view;
  }
  template <class T>
  View<T> array(size_t length) const {
    const View<T> view = array<T>();
    if (view.length != length) fail("ERR_SHAPE", "has " + std::to_string(view.length) + " elements, expected " + std::to_string(length));
    return view;
  }
  // null where the argument is undefined
  template <class T>
  View<T> optional_array(size_t length) const {
    if (absent()) return {nullptr, 0};
    return array<T>(length);
  }
  // For use after the call: of a SharedArrayBuffer, which can be neither detached nor shrunk. The caller holds a
  // reference to the array as long as it uses the view.
  template <class T>
  View<T> shared_array() const {
    const View<T> view = array<T>();
    napi_value buffer;
    bool detachable = true;
    if (napi_get_typedarray_info(value_.Env(), value_, nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok ||
        napi_is_arraybuffer(value_.Env(), buffer, &detachable) != napi_ok || detachable)
      fail("ERR_ARGUMENT", "does not lie on a SharedArrayBuffer");
    return view;
  }
  // That of an array without a rest of the buffer beside it, which something else may use.
  Napi::ArrayBuffer whole_buffer() const {
    const View<uint8_t> view = array<uint8_t>();
    size_t buffer_length = 0;
    napi_value buffer;
    bool is_detachable = false;
    if (napi_get_typedarray_info(value_.Env(), value_, nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok ||
        napi_is_arraybuffer(value_.Env(), buffer, &is_detachable) != napi_ok || !is_detachable ||
        napi_get_arraybuffer_info(value_.Env(), buffer, nullptr, &buffer_length) != napi_ok || buffer_length != view.length)
      fail("ERR_ARGUMENT", "is not all of an ArrayBuffer");
    return {value_.Env(), buffer};
  }
  double number() const {
    if (!value_.IsNumber()) fail("ERR_ARGUMENT", "is not a number");
    return value_.As<Napi::Number>().DoubleValue();
  }
  double integer_in_range(double min, double max) const {
    const double value = number();
    if (!(value >= min && value <= max) || value != std::trunc(value))
      fail("ERR_ARGUMENT", "is " + std::to_string(value) + ", expected an integer from " + std::to_string(static_cast<int64_t>(min)) +
                               " to " + std::to_string(static_cast<int64_t>(max)));
    return value;
  }
  // An integer among the numbers that T holds.
  template <class T>
  T integer() const {
    return static_cast<T>(integer_in_range(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
  bool boolean() const {
    if (!value_.IsBoolean()) fail("ERR_ARGUMENT", "is not a boolean");
    return value_.As<Napi::Boolean>().Value();
  }
  std::string string() const {
    if (!value_.IsString()) fail("ERR_ARGUMENT", "is not a string");
    return value_.As<Napi::String>().Utf8Value();
  }
  Napi::Function function() const {
    if (!value_.IsFunction()) fail("ERR_ARGUMENT", "is not a function");
    return value_.As<Napi::Function>();
  }
  Napi::Object object() const {
    if (!value_.IsObject()) fail("ERR_ARGUMENT", "is not an object");
    return value_.As<Napi::Object>();
  }
  Conv2dShape conv2d_shape() const;
  // To read a field may run code of JavaScript's, a getter, which can detach any array: fields come before views of memory.
  Argument field(const char* name) const { return {call_, object().Get(name), name}; }
  [[noreturn]] void fail(const char* code, const std::string& what) const;

 private:
  const Arguments& call_;
  Napi::Value value_;
  const char* name_;
};

class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* op) : info_(info), op_(op) {}

  Napi::Env env() const { return info_.Env(); }
  Napi::Object self() const { return info_.This().As<Napi::Object>(); }
  Argument operator()(size_t i, const char* name) const { return {*this, info_[i], name}; }

  // The two may be of different types.
  template <class T, class U>
  void check_no_overlap(const View<T>& out, const View<U>& in, const char* name) const {
    const auto begin = [](const auto& v) { return reinterpret_cast<uintptr_t>(v.data); };
    const auto end = [](const auto& v) { return reinterpret_cast<uintptr_t>(v.data + v.length); };
    if (begin(out) < end(in) && begin(in) < end(out)) fail("ERR_ARGUMENT", std::string("out overlaps ") + name);
  }
  // What operations may do that read each element before they write it.
  template <class T, class U>
  void check_same_or_no_overlap(const View<T>& out, const View<U>& in, const char* name) const {
    if (out.data != in.data) check_no_overlap(out, in, name);
  }
  void check(Status status) const {
    if (status == Status::kOk) return;
    const auto [code, message] = failure_of(status);
    fail(code, message);
  }
  [[noreturn]] void fail(const char* code, const std::string& message) const {
    throw_coded(info_.Env(), code, std::string(op_) + ": " + message);
  }

 private:
  const Napi::CallbackInfo& info_;
  const char* const op_;
};

// The arguments of a call that takes one object: its fields by their names, all of them read at once.
class NamedArguments : public Arguments {
 public:
  NamedArguments(const Arguments& call, std::initializer_list<const char*> names) : Arguments(call) {
    const Argument object = (*this)(0, "the argument");
    fields_.reserve(names.size());
    for (const char* name : names) fields_.push_back(object.field(name));
  }
  // `name` is one of `names`.
  const Argument& operator[](std::string_view name) const {
    return *std::find_if(fields_.begin(), fields_.end(), [&](const Argument& field) { return field.name() == name; });
  }

 private:
  std::vector<Argument> fields_;
};

inline void Argument::fail(const char* code, const std::string& what) const { call_.fail(code, std::string(name_) + " " + what); }
inline Conv2dShape Argument::conv2d_shape() const {
  // Another thread may change a SharedArrayBuffer between two looks at it: what is checked is a copy.
  int32_t geometry[kConv2dGeometryLength];
  std::copy_n(array<const int32_t>(kConv2dGeometryLength).data, kConv2dGeometryLength, geometry);
  Conv2dShape shape;
  call_.check(make_conv2d_shape(geometry, &shape));
  return shape;
}
