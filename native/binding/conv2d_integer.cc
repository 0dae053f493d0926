#include "../conv2d/integer.h"

#include <algorithm>
#include <type_traits>

#include "../reference/reference.h"
#include "args.h"
#include "rescaling.h"
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
  const X padding = args.integer<X>(2, "padValue");
  args.check(run(shape, const_cast<const X*>(x.data), w, padding, y.data));
}

// Whether the weights are promised to lie in [-64, 63], where kernels would saturate in silence beyond.
bool seven_bits(const Arguments& args, size_t i, View<int8_t> w) {
  if (args.number(i, "weightBits") != 7) return false;
  if (std::any_of(w.data, w.data + w.length, [](int8_t v) { return v < -64 || v > 63; }))
    args.fail("ERR_ARGUMENT", "filters have a weight outside of [-64, 63], which weightBits 7 promises");
  return true;
}

// Besides (scale, shift, residual, residualScale, most or relu) from argument 5 on. Packed for one image as a compiled network's
// convolutions are, then run for all.
template <class W, class Y, class Pack>
void rescaled_convolution(const Arguments& args, size_t longest, Pack pack) {
  convolution<uint8_t, W, Y>(args, [&](const ConvShape& s, const uint8_t* x, View<W> w, uint8_t padding, Y* y) {
    if (s.k > longest) return Status::kShape;
    const Rescaling rescaling = rescaling_argument(args, 5, s.co, View<Y>{y, s.y_elems});
    const auto packed = pack(with_images(s, 1), w, padding);
    if (!packed) return Status::kMemory;
    ThreadPool& pool = threads(args.env());
    if constexpr (std::is_same_v<Y, float>) return packed->run(pool, s.n, x, rescaling, args.boolean(9, "relu") ? kRelu : kNoActivation, y);
    else return packed->run(pool, s.n, x, rescaling, args.integer<uint8_t>(9, "most"), y);
  });
}

template <class Y>
void adder_convolution_rescaled(const Napi::CallbackInfo& info, const char* op) {
  rescaled_convolution<uint8_t, Y>(Arguments(info, op), kMostL1Bytes, [&](const ConvShape& s, View<uint8_t> w, uint8_t padding) {
    return pack_adder_conv2d(kernels(info.Env()), threads(info.Env()), s, w.data, padding);
  });
}

// weightBits is the last argument.
template <class Y>
void int8_convolution_rescaled(const Napi::CallbackInfo& info, const char* op) {
  const Arguments args(info, op);
  rescaled_convolution<int8_t, Y>(args, kMostDotBytes, [&](const ConvShape& s, View<int8_t> w, uint8_t padding) {
    return pack_int8_conv2d(kernels(info.Env()), threads(info.Env()), s, w.data, padding, seven_bits(args, 10, w));
  });
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
  convolution<uint8_t, int8_t, int32_t>(args, [&](const ConvShape& s, const uint8_t* x, View<int8_t> w, uint8_t padding, int32_t* y) {
    return int8_conv2d(kernels(info.Env()), threads(info.Env()), s, x, w.data, padding, seven_bits(args, 5, w), y);
  });
}

void ReferenceInt8Conv2d(const Napi::CallbackInfo& info) {
  convolution<uint8_t, int8_t, double>(Arguments(info, "referenceInt8Conv2d"),
                                       [](const ConvShape& s, const uint8_t* x, View<int8_t> w, uint8_t padding, double* y) {
                                         reference_int8_conv2d(s, x, w.data, padding, y);
                                         return Status::kOk;
                                       });
}

void AdderConv2dRequantized(const Napi::CallbackInfo& info) { adder_convolution_rescaled<uint8_t>(info, "adderConv2dRequantized"); }
void AdderConv2dDequantized(const Napi::CallbackInfo& info) { adder_convolution_rescaled<float>(info, "adderConv2dDequantized"); }
void Int8Conv2dRequantized(const Napi::CallbackInfo& info) { int8_convolution_rescaled<uint8_t>(info, "int8Conv2dRequantized"); }
void Int8Conv2dDequantized(const Napi::CallbackInfo& info) { int8_convolution_rescaled<float>(info, "int8Conv2dDequantized"); }
