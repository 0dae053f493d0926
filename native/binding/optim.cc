// The two ends of a training step: the loss, and the step itself.
#include "../nn/cross_entropy.h"
#include "../nn/sgd.h"
#include "args.h"
#include "runtime.h"

// (logits, targets, labelSmoothing, grad) -> {loss, correct}
Napi::Value SoftmaxCrossEntropy(const Napi::CallbackInfo& info) {
  const Arguments args(info, "softmaxCrossEntropy");
  const View<float> logits = args.array<float>(0, "logits");
  const View<int32_t> targets = args.array<int32_t>(1, "targets");
  if (targets.length == 0 || logits.length == 0 || logits.length % targets.length != 0)
    args.fail("ERR_SHAPE", "logits do not divide into the rows of targets");
  const size_t classes = logits.length / targets.length;
  for (size_t i = 0; i < targets.length; ++i)
    if (targets.data[i] < 0 || static_cast<size_t>(targets.data[i]) >= classes)
      args.fail("ERR_ARGUMENT", "targets[" + std::to_string(i) + "] is " + std::to_string(targets.data[i]) + ", expected 0 to " +
                                    std::to_string(classes - 1));
  const View<float> grad = args.array<float>(3, "out", logits.length);
  if (grad.data != logits.data) args.apart(grad, logits, "logits");
  args.apart(grad, targets, "targets");
  CrossEntropy entropy;
  args.check(softmax_cross_entropy(threads(info.Env()), targets.length, classes, logits.data, targets.data,
                                   args.number(2, "labelSmoothing"), grad.data, &entropy));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("loss", entropy.loss);
  result.Set("correct", static_cast<double>(entropy.correct));
  return result;
}

// (value, gradient, velocity | undefined, learningRate, momentum, nesterov, weightDecay, rate, adaptive)
void SgdStep(const Napi::CallbackInfo& info) {
  const Arguments args(info, "sgdStep");
  const View<float> value = args.array<float>(0, "value");
  const View<float> gradient = args.array<float>(1, "gradient", value.length);
  const View<float> velocity = args.optional_floats(2, "velocity", value.length);
  args.apart(value, gradient, "gradient");
  args.apart(velocity, value, "value");
  args.apart(velocity, gradient, "gradient");
  args.check(sgd_step(threads(info.Env()),
                      {value.length, value.data, gradient.data, velocity.data, args.number(3, "learningRate"), args.number(4, "momentum"),
                       args.number(6, "weightDecay"), info[5].ToBoolean(), args.number(7, "rate"), info[8].ToBoolean()}));
}
