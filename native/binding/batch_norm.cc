#include "../nn/batch_norm.h"

#include <initializer_list>

#include "args.h"
#include "runtime.h"

namespace {
// Rows of an array whose last axis has `channels` elements.
size_t rows_of(const Arguments& args, const View<float>& x, size_t channels) {
  if (channels == 0 || x.length == 0 || x.length % channels != 0) args.fail("ERR_SHAPE", "x does not divide into the channels of gamma");
  return x.length / channels;
}

// Outputs overlap nothing but what they may be.
void all_apart(const Arguments& args, std::initializer_list<View<float>> outs, std::initializer_list<View<float>> ins) {
  for (const View<float>* out = outs.begin(); out != outs.end(); ++out) {
    for (const View<float>& in : ins) args.apart(*out, in, "an input");
    for (const View<float>* other = outs.begin(); other != out; ++other) args.apart(*out, *other, "another output");
  }
}

void same_or_apart(const Arguments& args, const View<float>& out, const View<float>& in, const char* name) {
  if (out.data != in.data) args.apart(out, in, name);
}
}  // namespace

// (x, gamma, beta, residual | undefined, relu, momentum, epsilon, runningMean, runningVariance, y, mean, invStd)
void BatchNormTrain(const Napi::CallbackInfo& info) {
  const Arguments args(info, "batchNormTrain");
  const View<float> x = args.array<float>(0, "x"), gamma = args.array<float>(1, "gamma");
  const size_t channels = gamma.length, rows = rows_of(args, x, channels);
  const View<float> beta = args.array<float>(2, "beta", channels), residual = args.optional_floats(3, "residual", x.length);
  const View<float> running_mean = args.array<float>(7, "runningMean", channels);
  const View<float> running_variance = args.array<float>(8, "runningVariance", channels);
  const View<float> y = args.array<float>(9, "out.y", x.length);
  const View<float> mean = args.array<float>(10, "out.mean", channels), inverse = args.array<float>(11, "out.invStd", channels);
  same_or_apart(args, y, x, "x");
  same_or_apart(args, y, residual, "residual");
  all_apart(args, {y, mean, inverse, running_mean, running_variance}, {gamma, beta});
  all_apart(args, {mean, inverse, running_mean, running_variance}, {x, residual});
  args.check(
      batch_norm_train(kernels(info.Env()), threads(info.Env()),
                       {rows, channels, x.data, gamma.data, beta.data, residual.data, info[4].ToBoolean(), args.number(5, "momentum"),
                        args.number(6, "epsilon"), running_mean.data, running_variance.data, y.data, mean.data, inverse.data}));
}

// (gy, x, y | undefined, gamma, mean, invStd, gx, ggamma, gbeta, gresidual | undefined)
void BatchNormGrad(const Napi::CallbackInfo& info) {
  const Arguments args(info, "batchNormGrad");
  const View<float> x = args.array<float>(1, "x"), gamma = args.array<float>(3, "gamma");
  const size_t channels = gamma.length, rows = rows_of(args, x, channels);
  const View<float> gy = args.array<float>(0, "gy", x.length), y = args.optional_floats(2, "y", x.length);
  const View<float> mean = args.array<float>(4, "mean", channels), inverse = args.array<float>(5, "invStd", channels);
  const View<float> gx = args.array<float>(6, "out.gx", x.length);
  const View<float> ggamma = args.array<float>(7, "out.ggamma", channels), gbeta = args.array<float>(8, "out.gbeta", channels);
  const View<float> gresidual = args.optional_floats(9, "out.gresidual", x.length);
  if (gresidual.data && !y.data) args.fail("ERR_ARGUMENT", "gresidual without y is gy itself");
  same_or_apart(args, gx, gy, "gy");
  same_or_apart(args, gresidual, gy, "gy");
  all_apart(args, {gx, gresidual, ggamma, gbeta}, {x, y, gamma, mean, inverse});
  all_apart(args, {ggamma, gbeta}, {gy});
  args.check(batch_norm_grad(
      kernels(info.Env()), threads(info.Env()),
      {rows, channels, gy.data, x.data, y.data, gamma.data, mean.data, inverse.data, gx.data, ggamma.data, gbeta.data, gresidual.data}));
}
