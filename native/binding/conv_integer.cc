#include <cmath>
#include <limits>

#include "../ops/convolve_integer.h"
#include "../ops/reference.h"
#include "args.h"
#include "runtime.h"

namespace {
// (x, filters, padding, y, geometry)
template <class X, class W, class Y, class Run>
void convolution(const Arguments& args, Run run) {
  const ConvShape shape = args.conv_shape(4);
  const View<X> x = args.array<X>(0, "x", shape.x_elems);
  const View<W> w = args.array<W>(1, "filters", shape.w_elems);
  const View<Y> y = args.array<Y>(3, "out", shape.y_elems);
  args.apart(y, x, "x");
  args.apart(y, w, "filters");
  const double padding = args.number(2, "padValue");
  if (!(padding >= std::numeric_limits<X>::min() && padding <= std::numeric_limits<X>::max()) || padding != std::trunc(padding))
    args.fail("ERR_ARGUMENT", "padValue is not a number like those of x");
  args.check(run(shape, const_cast<const X*>(x.data), w, static_cast<X>(padding), y.data));
}

// Runs `run` for the type of x: uint8, int8 or int16.
template <class Y, class Run>
void adder_convolution(const Napi::CallbackInfo& info, const char* op, Run run) {
  const Arguments args(info, op);
  const auto typed = [&](auto zero) {
    using T = decltype(zero);
    convolution<T, T, Y>(args, [&](const ConvShape& s, const T* x, View<T> w, T padding, Y* y) {
      return run(s, x, const_cast<const T*>(w.data), padding, y);
    });
  };
  if (info[0].IsTypedArray()) switch (info[0].As<Napi::TypedArray>().TypedArrayType()) {
      case napi_uint8_array:
        return typed(uint8_t{});
      case napi_int8_array:
        return typed(int8_t{});
      case napi_int16_array:
        return typed(int16_t{});
      default:
        break;
    }
  args.fail("ERR_DTYPE", "x is not an array of uint8, int8 or int16");
}
}  // namespace

void AdderConv2dInteger(const Napi::CallbackInfo& info) {
  adder_convolution<int32_t>(info, "adderConv2d", [&](auto... a) { return adder_conv2d(kernels(info.Env()), threads(info.Env()), a...); });
}

void ReferenceAdderConv2dInteger(const Napi::CallbackInfo& info) {
  adder_convolution<double>(info, "referenceAdderConv2d", [](auto... a) {
    reference_adder_conv2d(a...);
    return Status::kOk;
  });
}

// (x, filters, padding, y, geometry, weightBits)
void Int8Conv2d(const Napi::CallbackInfo& info) {
  const Arguments args(info, "int8Conv2d");
  const bool seven_bits = args.number(5, "weightBits") == 7;
  convolution<uint8_t, int8_t, int32_t>(args, [&](const ConvShape& s, const uint8_t* x, View<int8_t> w, uint8_t padding, int32_t* y) {
    // Beyond 7 bits the kernels would saturate in silence.
    if (seven_bits && std::any_of(w.data, w.data + w.length, [](int8_t v) { return v < -64 || v > 63; }))
      args.fail("ERR_ARGUMENT", "filters have a weight outside of [-64, 63], which weightBits 7 promises");
    return int8_conv2d(kernels(info.Env()), threads(info.Env()), s, x, w.data, padding, seven_bits, y);
  });
}

void ReferenceInt8Conv2d(const Napi::CallbackInfo& info) {
  convolution<uint8_t, int8_t, double>(Arguments(info, "referenceInt8Conv2d"),
                                       [](const ConvShape& s, const uint8_t* x, View<int8_t> w, uint8_t padding, double* y) {
                                         reference_int8_conv2d(s, x, w.data, padding, y);
                                         return Status::kOk;
                                       });
}
