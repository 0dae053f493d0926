#include "../nn/sgd.h"

#include "exports.h"
#include "runtime.h"

namespace {
// (value, gradient, velocity | undefined, learningRate, momentum, nesterov, weightDecay, rate, adaptive, limit)
void SgdStep(const Arguments& args) {
  const auto value = args(0, "value").array<float>();
  const auto gradient = args(1, "gradient").array<const float>(value.length);
  const auto velocity = args(2, "velocity").optional_array<float>(value.length);
  const double learning_rate = args(3, "learningRate").number(), momentum = args(4, "momentum").number();
  const bool nesterov = args(5, "nesterov").boolean();
  const double weight_decay = args(6, "weightDecay").number(), rate = args(7, "rate").number();
  const bool adaptive = args(8, "adaptive").boolean();
  args.check_no_overlap(value, gradient, "gradient");
  args.check_no_overlap(velocity, value, "value");
  args.check_no_overlap(velocity, gradient, "gradient");
  args.check(sgd_step(threads(args.env()), {value.length, value.data, gradient.data, velocity.data, learning_rate, momentum, weight_decay,
                                            nesterov, rate, adaptive, args(9, "limit").number()}));
}
}  // namespace

void export_sgd(Exports& exports) { exports.set<SgdStep>("sgdStep"); }
