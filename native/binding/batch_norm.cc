#include "../nn/batch_norm.h"

#include <initializer_list>

#include "../nn/elementwise.h"
#include "../runtime/aligned_buffer.h"
#include "exports.h"
#include "runtime.h"

namespace {
using Input = View<const float>;
using Output = View<float>;

// The rows of an array whose last axis has `channels` elements.
size_t row_count(const Arguments& args, const Input& x, size_t channels) {
  if (channels == 0 || x.length == 0 || x.length % channels != 0) args.fail("ERR_SHAPE", "x does not divide into the channels");
  return x.length / channels;
}

void check_no_overlaps(const Arguments& args, std::initializer_list<Output> outs, std::initializer_list<Input> ins) {
  for (const Output* out = outs.begin(); out != outs.end(); ++out) {
    for (const Input& in : ins) args.check_no_overlap(*out, in, "an input");
    for (const Output* other = outs.begin(); other != out; ++other) args.check_no_overlap(*out, *other, "another output");
  }
}

// (x, mean, variance, gamma, beta, epsilon, y)
void BatchNorm(const Arguments& args) {
  const auto x = args(0, "x").array<const float>(), mean = args(1, "mean").array<const float>();
  const size_t channels = mean.length, rows = row_count(args, x, channels);
  const auto variance = args(2, "variance").array<const float>(channels);
  const auto gamma = args(3, "gamma").array<const float>(channels), beta = args(4, "beta").array<const float>(channels);
  const double epsilon = args(5, "epsilon").number();
  const auto y = args(6, "out").array<float>(x.length);
  args.check_same_or_no_overlap(y, x, "x");
  check_no_overlaps(args, {y}, {mean, variance, gamma, beta});
  AlignedBuffer<float> scale(channels);
  if (!scale.ok()) args.check(Status::kMemory);
  batch_norm(kernels(args.env()), threads(args.env()), rows, channels, x.data, mean.data, variance.data, gamma.data, beta.data, epsilon,
             scale.data(), y.data);
}

// (x, gamma, beta, residual | undefined, relu, momentum, epsilon, runningMean, runningVariance, y, mean, invStd)
void BatchNormTrain(const Arguments& args) {
  const auto x = args(0, "x").array<const float>(), gamma = args(1, "gamma").array<const float>();
  const size_t channels = gamma.length, rows = row_count(args, x, channels);
  const auto beta = args(2, "beta").array<const float>(channels), residual = args(3, "residual").optional_array<const float>(x.length);
  const bool relu = args(4, "relu").boolean();
  const double momentum = args(5, "momentum").number(), epsilon = args(6, "epsilon").number();
  const auto running_mean = args(7, "runningMean").array<float>(channels);
  const auto running_variance = args(8, "runningVariance").array<float>(channels);
  const auto y = args(9, "out.y").array<float>(x.length);
  const auto mean = args(10, "out.mean").array<float>(channels), inv_std = args(11, "out.invStd").array<float>(channels);
  args.check_same_or_no_overlap(y, x, "x");
  args.check_same_or_no_overlap(y, residual, "residual");
  check_no_overlaps(args, {y, mean, inv_std, running_mean, running_variance}, {gamma, beta});
  check_no_overlaps(args, {mean, inv_std, running_mean, running_variance}, {x, residual});
  args.check(batch_norm_train(kernels(args.env()), threads(args.env()),
                              {rows, channels, x.data, gamma.data, beta.data, residual.data, relu, momentum, epsilon, running_mean.data,
                               running_variance.data, y.data, mean.data, inv_std.data}));
}

// (gy, x, y | undefined, gamma, mean, invStd, gx, ggamma, gbeta, gresidual | undefined)
void BatchNormGrad(const Arguments& args) {
  const auto x = args(1, "x").array<const float>(), gamma = args(3, "gamma").array<const float>();
  const size_t channels = gamma.length, rows = row_count(args, x, channels);
  const auto gy = args(0, "gy").array<const float>(x.length), y = args(2, "y").optional_array<const float>(x.length);
  const auto mean = args(4, "mean").array<const float>(channels), inv_std = args(5, "invStd").array<const float>(channels);
  const auto gx = args(6, "out.gx").array<float>(x.length);
  const auto ggamma = args(7, "out.ggamma").array<float>(channels), gbeta = args(8, "out.gbeta").array<float>(channels);
  const auto gresidual = args(9, "out.gresidual").optional_array<float>(x.length);
  if (gresidual.data && !y.data) args.fail("ERR_ARGUMENT", "gresidual without y is gy itself");
  args.check_same_or_no_overlap(gx, gy, "gy");
  args.check_same_or_no_overlap(gresidual, gy, "gy");
  check_no_overlaps(args, {gx, gresidual, ggamma, gbeta}, {x, y, gamma, mean, inv_std});
  check_no_overlaps(args, {ggamma, gbeta}, {gy});
  args.check(batch_norm_grad(
      kernels(args.env()), threads(args.env()),
      {rows, channels, gy.data, x.data, y.data, gamma.data, mean.data, inv_std.data, gx.data, ggamma.data, gbeta.data, gresidual.data}));
}
}  // namespace

void export_batch_norm(Exports& exports) {
  exports.set<BatchNorm>("batchNorm");
  exports.set<BatchNormTrain>("batchNormTrain");
  exports.set<BatchNormGrad>("batchNormGrad");
}
