#include "../nn/quantize.h"

#include "../reference/reference.h"
#include "exports.h"
#include "rescaling.h"
#include "runtime.h"

namespace {
// use(Q{}) for the type of an array: int16, else uint8
template <class Use>
void with_quantized_type(const Argument& array, const Use& use) {
  if (array.is_array<int16_t>()) use(int16_t{});
  else use(uint8_t{});
}

// (x, scale, zeroPoint, qmin, qmax, y)
template <class Run>
void run_quantize(const Arguments& args, Run run) {
  with_quantized_type(args(5, "out"), [&](auto zero) {
    using Q = decltype(zero);
    const auto x = args(0, "x").array<const float>();
    const Quantization<Q> to = {static_cast<float>(args(1, "scale").number()), args(2, "zeroPoint").integer<Q>(),
                                range_of<Q>(args(3, "qmin"), args(4, "qmax"))};
    const auto y = args(5, "out").array<Q>(x.length);
    args.check_no_overlap(y, x, "x");
    args.check(run(x.length, x.data, to, y.data));
  });
}

void QuantizeActivations(const Arguments& args) {
  run_quantize(args, [&](size_t n, const float* x, const auto& to, auto* y) {
    return quantize(kernels(args.env()), threads(args.env()), n, x, to, y) ? Status::kOk : Status::kNotFinite;
  });
}
void ReferenceQuantize(const Arguments& args) {
  run_quantize(args, [](size_t n, const float* x, const auto& to, auto* y) { return reference_quantize(n, x, to, y), Status::kOk; });
}

// (sums, scale, shift, residual, residualScale, y, ...)
template <class Q, class Y, class Run>
void run_rescaling(const Arguments& args, Run run) {
  const auto sums = args(0, "sums").array<const double>();
  const size_t channels = args(1, "scale").array<const float>().length;
  if (channels == 0 || sums.length % channels != 0) args.fail("ERR_SHAPE", "sums do not divide into the channels of scale");
  const auto y = args(5, "out").array<Y>(sums.length);
  const Rescaling<Q> rescaling =
      rescaling_of<Q>(args, args(1, "scale"), args(2, "shift"), args(3, "residual"), args(4, "residualScale"), channels, y);
  run(sums.length / channels, channels, sums.data, rescaling, y.data);
}

// (..., qmin, qmax)
void ReferenceRequantize(const Arguments& args) {
  with_quantized_type(args(5, "out"), [&](auto zero) {
    using Q = decltype(zero);
    const auto range = range_of<Q>(args(6, "qmin"), args(7, "qmax"));
    run_rescaling<Q, Q>(args, [&](size_t rows, size_t channels, const double* sums, const Rescaling<Q>& r, Q* y) {
      reference_requantize(rows, channels, sums, r, range, y);
    });
  });
}

// (..., relu)
void ReferenceDequantize(const Arguments& args) {
  const Activation activation = args(6, "relu").boolean() ? kRelu : kNoActivation;
  with_quantized_type(args(3, "residual"), [&](auto zero) {
    using Q = decltype(zero);
    run_rescaling<Q, float>(args, [&](size_t rows, size_t channels, const double* sums, const Rescaling<Q>& r, float* y) {
      reference_dequantize(rows, channels, sums, r, activation, y);
    });
  });
}
}  // namespace

void export_quantize(Exports& exports) {
  exports.set<QuantizeActivations>("quantizeActivations");
  exports.set<ReferenceQuantize>("referenceQuantize");
  exports.set<ReferenceRequantize>("referenceRequantize");
  exports.set<ReferenceDequantize>("referenceDequantize");
}
