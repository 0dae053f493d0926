#include "../nn/quantize.h"

#include "../reference/reference.h"
#include "args.h"
#include "rescaling.h"
#include "runtime.h"

namespace {
// (x, step, zero, most, y)
template <class Run>
void quantization(const Arguments& args, Run run) {
  const View<float> x = args.array<float>(0, "x");
  const View<uint8_t> y = args.array<uint8_t>(4, "out", x.length);
  args.apart(y, x, "x");
  run(x, static_cast<float>(args.number(1, "step")), args.integer<uint8_t>(2, "zero"), args.integer<uint8_t>(3, "most"), y.data);
}

// (sums, scale, shift, residual, residualScale, y, ...)
template <class Y, class Run>
void rescaling(const Arguments& args, Run run) {
  const View<double> sums = args.array<double>(0, "sums");
  const size_t channels = args.array<float>(1, "scale").length;
  if (channels == 0 || sums.length % channels != 0) args.fail("ERR_SHAPE", "sums do not divide into the channels of scale");
  const View<Y> y = args.array<Y>(5, "out", sums.length);
  run(sums.length / channels, channels, sums.data, rescaling_argument(args, 1, channels, y), y.data);
}
}  // namespace

void Quantize(const Napi::CallbackInfo& info) {
  const Arguments args(info, "quantizeActivations");
  quantization(args, [&](View<float> x, float step, uint8_t zero, uint8_t most, uint8_t* y) {
    if (!quantize(kernels(info.Env()), threads(info.Env()), x.length, x.data, step, zero, most, y))
      args.fail("ERR_ARGUMENT", "x holds a number that is not finite, which no quantized number stands for");
  });
}

void ReferenceQuantize(const Napi::CallbackInfo& info) {
  quantization(Arguments(info, "referenceQuantize"), [](View<float> x, float step, uint8_t zero, uint8_t most, uint8_t* y) {
    reference_quantize(x.length, x.data, step, zero, most, y);
  });
}

// (..., most)
void ReferenceRequantize(const Napi::CallbackInfo& info) {
  const Arguments args(info, "referenceRequantize");
  const uint8_t most = args.integer<uint8_t>(6, "most");
  rescaling<uint8_t>(args, [&](size_t rows, size_t channels, const double* sums, const Rescaling& r, uint8_t* y) {
    reference_requantize(rows, channels, sums, r, most, y);
  });
}

// (..., relu)
void ReferenceDequantize(const Napi::CallbackInfo& info) {
  const Arguments args(info, "referenceDequantize");
  const Activation activation = args.boolean(6, "relu") ? kRelu : kNoActivation;
  rescaling<float>(args, [&](size_t rows, size_t channels, const double* sums, const Rescaling& r, float* y) {
    reference_dequantize(rows, channels, sums, r, activation, y);
  });
}
