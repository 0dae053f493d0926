#include "../conv2d/conv2d.h"
#include "../nn/pool.h"
#include "../reference/reference.h"
#include "../conv2d/xnor.h"
#include "args.h"
#include "runtime.h"

namespace {
// (x, filters, bias | undefined, y, geometry); Y is the type of the output's elements.
template <class Y, class Run>
void convolution(const Napi::CallbackInfo& info, const char* op, Run run) {
  const Arguments args(info, op);
  const ConvShape shape = args.conv_shape(4);
  const View<float> x = args.array<float>(0, "x", shape.x_elems);
  const View<float> w = args.array<float>(1, "filters", shape.w_elems);
  const View<float> bias = args.optional_floats(2, "bias", shape.co);
  const View<Y> y = args.array<Y>(3, "out", shape.y_elems);
  args.apart(y, x, "x");
  args.apart(y, w, "filters");
  args.apart(y, bias, "bias");
  args.check(run(shape, x.data, w.data, bias.data, y.data));
}

// (x, y, geometry)
template <class Run>
void pooling(const Napi::CallbackInfo& info, const char* op, Run run) {
  const Arguments args(info, op);
  const ConvShape shape = args.conv_shape(2);
  if (shape.groups != 1 || shape.co != shape.ci || shape.dh != 1 || shape.dw != 1) args.check(Status::kShape);
  const View<float> x = args.array<float>(0, "x", shape.x_elems);
  const View<float> y = args.array<float>(1, "out", shape.y_elems);
  args.apart(y, x, "x");
  run(threads(info.Env()), shape, x.data, y.data);
}
}  // namespace

void AdderConv2d(const Napi::CallbackInfo& info) {
  convolution<float>(info, "adderConv2d", [&](auto&... a) { return adder_conv2d(kernels(info.Env()), threads(info.Env()), a...); });
}

void Conv2d(const Napi::CallbackInfo& info) {
  convolution<float>(info, "conv2d", [&](auto&... a) { return conv2d(kernels(info.Env()), threads(info.Env()), a...); });
}

void XnorConv2d(const Napi::CallbackInfo& info) {
  convolution<float>(info, "xnorConv2d", [&](auto&... a) { return xnor_conv2d(kernels(info.Env()), threads(info.Env()), a...); });
}

void ReferenceAdderConv2d(const Napi::CallbackInfo& info) {
  convolution<double>(info, "referenceAdderConv2d", [](auto&... a) {
    reference_adder_conv2d(a...);
    return Status::kOk;
  });
}

void ReferenceConv2d(const Napi::CallbackInfo& info) {
  convolution<double>(info, "referenceConv2d", [](auto&... a) {
    reference_conv2d(a...);
    return Status::kOk;
  });
}

void ReferenceXnorConv2d(const Napi::CallbackInfo& info) {
  convolution<double>(info, "referenceXnorConv2d", [](auto&... a) {
    reference_xnor_conv2d(a...);
    return Status::kOk;
  });
}

void MaxPool2d(const Napi::CallbackInfo& info) { pooling(info, "maxPool2d", max_pool2d); }
void AveragePool2d(const Napi::CallbackInfo& info) { pooling(info, "averagePool2d", average_pool2d); }
