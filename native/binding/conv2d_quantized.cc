// Integer convolutions that end in quantized numbers or in floats. Packed for one image, as those of a compiled network are, then run for
// all.
#include <type_traits>

#include "../conv2d/integer.h"
#include "exports.h"
#include "rescaling.h"
#include "runtime.h"
#include "seven_bits.h"

namespace {
// { x, filters, padValue, y, geometry, scale, shift, residual?, residualScale, and qmin, qmax or relu, weightBits of int8 }
NamedArguments quantized_conv2d_arguments(const Arguments& call) {
  return {
      call,
      {"x", "filters", "padValue", "y", "geometry", "scale", "shift", "residual", "residualScale", "qmin", "qmax", "relu", "weightBits"}};
}

// x of X and filters of W to y of Y, X or floats.
template <class X, class W, class Y, class Pack>
void run_quantized_conv2d(const NamedArguments& args, size_t max_k, Pack pack) {
  const Conv2dShape s = args["geometry"].conv2d_shape();
  if (s.k > max_k) args.check(Status::kShape);
  const auto x = args["x"].array<const X>(s.x_elems);
  const auto w = args["filters"].array<const W>(s.w_elems);
  const auto pad_value = args["padValue"].integer<X>();
  const auto y = args["y"].array<Y>(s.y_elems);
  args.check_no_overlap(y, x, "x");
  args.check_no_overlap(y, w, "filters");
  const auto rescaling = rescaling_of<X>(args, args["scale"], args["shift"], args["residual"], args["residualScale"], s.co, y);
  ThreadPool& pool = threads(args.env());
  const auto packed = pack(with_images(s, 1), w, pad_value);
  if (!packed) args.check(Status::kMemory);
  if constexpr (std::is_same_v<Y, float>)
    args.check(packed->run(pool, s.n, x.data, rescaling, args["relu"].boolean() ? kRelu : kNoActivation, y.data));
  else args.check(packed->run(pool, s.n, x.data, rescaling, range_of<X>(args["qmin"], args["qmax"]), y.data));
}

// For the type of x, uint8 or int16.
template <bool kToFloats>
void AdderConv2d(const Arguments& call) {
  const NamedArguments args = quantized_conv2d_arguments(call);
  const auto run = [&](auto zero, size_t max_k) {
    using X = decltype(zero);
    using Y = std::conditional_t<kToFloats, float, X>;
    run_quantized_conv2d<X, X, Y>(args, max_k, [&](const Conv2dShape& s, const View<const X>& w, X pad_value) {
      return pack_adder_conv2d(kernels(args.env()), threads(args.env()), s, w.data, pad_value);
    });
  };
  if (args["x"].is_array<int16_t>()) run(int16_t{}, kMaxL1Shorts);
  else run(uint8_t{}, kMaxL1Bytes);
}

template <class Y>
void Int8Conv2d(const Arguments& call) {
  using Filters = View<const int8_t>;
  const NamedArguments args = quantized_conv2d_arguments(call);
  run_quantized_conv2d<uint8_t, int8_t, Y>(args, kMaxDotBytes, [&](const Conv2dShape& s, const Filters& w, uint8_t pad_value) {
    return pack_int8_conv2d(kernels(args.env()), threads(args.env()), s, w.data, pad_value, seven_bits(args, args["weightBits"], w));
  });
}
}  // namespace

void export_conv2d_quantized(Exports& exports) {
  exports.set<AdderConv2d<false>>("adderConv2dRequantized");
  exports.set<AdderConv2d<true>>("adderConv2dDequantized");
  exports.set<Int8Conv2d<uint8_t>>("int8Conv2dRequantized");
  exports.set<Int8Conv2d<float>>("int8Conv2dDequantized");
}
