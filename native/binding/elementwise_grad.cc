#include "../nn/bias_grad.h"
#include "../nn/elementwise.h"
#include "exports.h"
#include "runtime.h"

namespace {
// (gy, y, gx)
void ReluGrad(const Arguments& args) {
  const auto gy = args(0, "gy").array<const float>(), y = args(1, "y").array<const float>(gy.length);
  const auto gx = args(2, "out").array<float>(gy.length);
  args.check_same_or_no_overlap(gx, gy, "gy");
  args.check_same_or_no_overlap(gx, y, "y");
  relu_grad(kernels(args.env()), threads(args.env()), gy.length, gy.data, y.data, gx.data);
}

// (gy, gbias)
void BiasGrad(const Arguments& args) {
  const auto gy = args(0, "gy").array<const float>();
  const auto gbias = args(1, "out").array<float>();
  if (gbias.length == 0 || gy.length == 0 || gy.length % gbias.length != 0)
    args.fail("ERR_SHAPE", "gy does not divide into the channels of out");
  args.check_no_overlap(gbias, gy, "gy");
  args.check(bias_grad(threads(args.env()), gy.length / gbias.length, gbias.length, gy.data, gbias.data));
}
}  // namespace

void export_elementwise_grad(Exports& exports) {
  exports.set<ReluGrad>("reluGrad");
  exports.set<BiasGrad>("biasGrad");
}
