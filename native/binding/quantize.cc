#include "../nn/quantize.h"

#include "../reference/reference.h"
#include "exports.h"
#include "rescaling.h"
#include "runtime.h"

namespace {
// (x, scale, zeroPoint, qmax, y)
template <class Run>
void run_quantize(const Arguments& args, Run run) {
  const auto x = args(0, "x").array<const float>();
  const auto scale = static_cast<float>(args(1, "scale").number());
  const auto zero_point = args(2, "zeroPoint").integer<uint8_t>(), q_max = args(3, "qmax").integer<uint8_t>();
  const auto y = args(4, "out").array<uint8_t>(x.length);
  args.check_no_overlap(y, x, "x");
  args.check(run(x.length, x.data, scale, zero_point, q_max, y.data));
}

void QuantizeActivations(const Arguments& args) {
  run_quantize(args,
               [&](auto... a) { return quantize(kernels(args.env()), threads(args.env()), a...) ? Status::kOk : Status::kNotFinite; });
}
void ReferenceQuantize(const Arguments& args) {
  run_quantize(args, [](auto... a) { return reference_quantize(a...), Status::kOk; });
}

// (sums, scale, shift, residual, residualScale, y, ...)
template <class Y, class Run>
void run_rescaling(const Arguments& args, Run run) {
  const auto sums = args(0, "sums").array<const double>();
  const size_t channels = args(1, "scale").array<const float>().length;
  if (channels == 0 || sums.length % channels != 0) args.fail("ERR_SHAPE", "sums do not divide into the channels of scale");
  const auto y = args(5, "out").array<Y>(sums.length);
  const Rescaling rescaling =
      rescaling_of(args, args(1, "scale"), args(2, "shift"), args(3, "residual"), args(4, "residualScale"), channels, y);
  run(sums.length / channels, channels, sums.data, rescaling, y.data);
}

// (..., qmax)
void ReferenceRequantize(const Arguments& args) {
  const auto q_max = args(6, "qmax").integer<uint8_t>();
  run_rescaling<uint8_t>(args, [&](size_t rows, size_t channels, const double* sums, const Rescaling& r, uint8_t* y) {
    reference_requantize(rows, channels, sums, r, q_max, y);
  });
}

// (..., relu)
void ReferenceDequantize(const Arguments& args) {
  const Activation activation = args(6, "relu").boolean() ? kRelu : kNoActivation;
  run_rescaling<float>(args, [&](size_t rows, size_t channels, const double* sums, const Rescaling& r, float* y) {
    reference_dequantize(rows, channels, sums, r, activation, y);
  });
}
}  // namespace

void export_quantize(Exports& exports) {
  exports.set<QuantizeActivations>("quantizeActivations");
  exports.set<ReferenceQuantize>("referenceQuantize");
  exports.set<ReferenceRequantize>("referenceRequantize");
  exports.set<ReferenceDequantize>("referenceDequantize");
}
