// Integer convolutions that end in quantized numbers or in floats. Packed for one image, as those of a compiled network are, then run for
// all.
#include <type_traits>

#include "../conv2d/integer.h"
#include "exports.h"
#include "rescaling.h"
#include "runtime.h"
#include "seven_bits.h"

namespace {
// { x, filters, padValue, y, geometry, scale, shift, residual?, residualScale, and qmax for bytes, relu for floats, weightBits of int8 }
template <class W, class Y, class Pack>
void run_quantized_conv2d(const Arguments& call, size_t max_k, Pack pack) {
  constexpr bool kFloats = std::is_same_v<Y, float>;
  const NamedArguments args(call, {"x", "filters", "padValue", "y", "geometry", "scale", "shift", "residual", "residualScale",
                                   kFloats ? "relu" : "qmax", "weightBits"});
  const Conv2dShape s = args["geometry"].conv2d_shape();
  if (s.k > max_k) args.check(Status::kShape);
  const auto x = args["x"].array<const uint8_t>(s.x_elems);
  const auto w = args["filters"].array<const W>(s.w_elems);
  const auto pad_value = args["padValue"].integer<uint8_t>();
  const auto y = args["y"].array<Y>(s.y_elems);
  args.check_no_overlap(y, x, "x");
  args.check_no_overlap(y, w, "filters");
  const Rescaling rescaling = rescaling_of(args, args["scale"], args["shift"], args["residual"], args["residualScale"], s.co, y);
  ThreadPool& pool = threads(args.env());
  const auto packed = pack(args, with_images(s, 1), w, pad_value);
  if (!packed) args.check(Status::kMemory);
  if constexpr (kFloats) args.check(packed->run(pool, s.n, x.data, rescaling, args["relu"].boolean() ? kRelu : kNoActivation, y.data));
  else args.check(packed->run(pool, s.n, x.data, rescaling, args["qmax"].integer<uint8_t>(), y.data));
}

template <class Y>
void AdderConv2d(const Arguments& call) {
  using Filters = View<const uint8_t>;
  run_quantized_conv2d<uint8_t, Y>(call, kMaxL1Bytes, [](const NamedArguments& args, const Conv2dShape& s, const Filters& w, uint8_t pad) {
    return pack_adder_conv2d(kernels(args.env()), threads(args.env()), s, w.data, pad);
  });
}

template <class Y>
void Int8Conv2d(const Arguments& call) {
  using Filters = View<const int8_t>;
  run_quantized_conv2d<int8_t, Y>(call, kMaxDotBytes, [](const NamedArguments& args, const Conv2dShape& s, const Filters& w, uint8_t pad) {
    return pack_int8_conv2d(kernels(args.env()), threads(args.env()), s, w.data, pad, seven_bits(args, args["weightBits"], w));
  });
}
}  // namespace

void export_conv2d_quantized(Exports& exports) {
  exports.set<AdderConv2d<uint8_t>>("adderConv2dRequantized");
  exports.set<AdderConv2d<float>>("adderConv2dDequantized");
  exports.set<Int8Conv2d<uint8_t>>("int8Conv2dRequantized");
  exports.set<Int8Conv2d<float>>("int8Conv2dDequantized");
}
