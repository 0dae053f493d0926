// Elementwise operations: y may be the very memory of an input, since each element is read before it is written.
#include "../nn/elementwise.h"

#include "../runtime/aligned_buffer.h"
#include "args.h"
#include "runtime.h"

// (x, mean, variance, gamma, beta, epsilon, y)
void BatchNorm(const Napi::CallbackInfo& info) {
  const Arguments args(info, "batchNorm");
  const View<float> x = args.array<float>(0, "x");
  const View<float> mean = args.array<float>(1, "mean");
  const size_t channels = mean.length;
  if (channels == 0 || x.length % channels != 0) args.fail("ERR_SHAPE", "x does not divide into the channels of mean");
  const View<float> variance = args.array<float>(2, "variance", channels);
  const View<float> gamma = args.array<float>(3, "gamma", channels);
  const View<float> beta = args.array<float>(4, "beta", channels);
  const double epsilon = args.number(5, "epsilon");
  const View<float> y = args.array<float>(6, "out", x.length);
  if (y.data != x.data) args.apart(y, x, "x");
  for (const View<float>& statistic : {mean, variance, gamma, beta}) args.apart(y, statistic, "a statistic");
  AlignedBuffer<float> scale(channels);
  if (!scale.ok()) args.check(Status::kMemory);
  batch_norm(kernels(info.Env()), threads(info.Env()), x.length / channels, channels, x.data, mean.data, variance.data, gamma.data,
             beta.data, epsilon, scale.data(), y.data);
}

// (x, y)
void Relu(const Napi::CallbackInfo& info) {
  const Arguments args(info, "relu");
  const View<float> x = args.array<float>(0, "x");
  const View<float> y = args.array<float>(1, "out", x.length);
  if (y.data != x.data) args.apart(y, x, "x");
  activate(kernels(info.Env()), threads(info.Env()), x.length, x.data, kRelu, y.data);
}

// (a, b, y)
void Add(const Napi::CallbackInfo& info) {
  const Arguments args(info, "add");
  const View<float> a = args.array<float>(0, "a");
  const View<float> b = args.array<float>(1, "b", a.length);
  const View<float> y = args.array<float>(2, "out", a.length);
  if (y.data != a.data) args.apart(y, a, "a");
  if (y.data != b.data) args.apart(y, b, "b");
  add(kernels(info.Env()), threads(info.Env()), a.length, a.data, b.data, y.data);
}
