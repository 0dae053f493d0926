// Gradients of what has no parameters, and that of a bias.
#include "../nn/bias_grad.h"
#include "../nn/elementwise.h"
#include "../nn/pool_grad.h"
#include "args.h"
#include "runtime.h"

// (gy, y, gx)
void ReluGrad(const Napi::CallbackInfo& info) {
  const Arguments args(info, "reluGrad");
  const View<float> gy = args.array<float>(0, "gy");
  const View<float> y = args.array<float>(1, "y", gy.length);
  const View<float> gx = args.array<float>(2, "out", gy.length);
  if (gx.data != gy.data) args.apart(gx, gy, "gy");
  if (gx.data != y.data) args.apart(gx, y, "y");
  relu_grad(kernels(info.Env()), threads(info.Env()), gy.length, gy.data, y.data, gx.data);
}

// (gy, gbias)
void BiasGrad(const Napi::CallbackInfo& info) {
  const Arguments args(info, "biasGrad");
  const View<float> gy = args.array<float>(0, "gy"), gbias = args.array<float>(1, "out");
  if (gbias.length == 0 || gy.length == 0 || gy.length % gbias.length != 0)
    args.fail("ERR_SHAPE", "gy does not divide into the channels of out");
  args.apart(gbias, gy, "gy");
  args.check(bias_grad(kernels(info.Env()), threads(info.Env()), gy.length / gbias.length, gbias.length, gy.data, gbias.data));
}

namespace {
ConvShape pool_shape(const Arguments& args, size_t i) {
  const ConvShape shape = args.conv_shape(i);
  if (shape.groups != 1 || shape.co != shape.ci || shape.dh != 1 || shape.dw != 1) args.check(Status::kShape);
  return shape;
}
}  // namespace

// (gy, x, gx, geometry)
void MaxPool2dGrad(const Napi::CallbackInfo& info) {
  const Arguments args(info, "maxPool2dGrad");
  const ConvShape shape = pool_shape(args, 3);
  const View<float> gy = args.array<float>(0, "gy", shape.y_elems), x = args.array<float>(1, "x", shape.x_elems);
  const View<float> gx = args.array<float>(2, "out", shape.x_elems);
  args.apart(gx, gy, "gy");
  args.apart(gx, x, "x");
  args.check(max_pool2d_grad(kernels(info.Env()), threads(info.Env()), shape, gy.data, x.data, gx.data));
}

// (gy, gx, geometry)
void AveragePool2dGrad(const Napi::CallbackInfo& info) {
  const Arguments args(info, "averagePool2dGrad");
  const ConvShape shape = pool_shape(args, 2);
  const View<float> gy = args.array<float>(0, "gy", shape.y_elems), gx = args.array<float>(1, "out", shape.x_elems);
  args.apart(gx, gy, "gy");
  average_pool2d_grad(threads(info.Env()), shape, gy.data, gx.data);
}
