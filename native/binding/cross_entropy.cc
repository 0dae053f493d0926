#include "../nn/cross_entropy.h"

#include "../runtime/aligned_buffer.h"
#include "exports.h"
#include "runtime.h"

namespace {
// (logits, targets, labelSmoothing, grad) -> {loss, correct}
Napi::Value SoftmaxCrossEntropy(const Arguments& args) {
  const auto logits = args(0, "logits").array<const float>();
  const auto targets = args(1, "targets").array<const int32_t>();
  if (targets.length == 0 || logits.length == 0 || logits.length % targets.length != 0)
    args.fail("ERR_SHAPE", "logits do not divide into the rows of targets");
  const size_t classes = logits.length / targets.length;
  // They are indexes, and another thread may change a SharedArrayBuffer between two looks at it: what is checked is a copy.
  AlignedBuffer<int32_t> own_targets(targets.length);
  if (!own_targets.ok()) args.check(Status::kMemory);
  std::copy_n(targets.data, targets.length, own_targets.data());
  for (size_t i = 0; i < targets.length; ++i)
    if (own_targets[i] < 0 || static_cast<size_t>(own_targets[i]) >= classes)
      args.fail("ERR_ARGUMENT", "targets[" + std::to_string(i) + "] is " + std::to_string(own_targets[i]) + ", expected 0 to " +
                                    std::to_string(classes - 1));
  const double label_smoothing = args(2, "labelSmoothing").number();
  const auto grad = args(3, "out").array<float>(logits.length);
  args.check_same_or_no_overlap(grad, logits, "logits");
  args.check_no_overlap(grad, targets, "targets");
  CrossEntropy entropy;
  args.check(softmax_cross_entropy(threads(args.env()), targets.length, classes, logits.data, own_targets.data(), label_smoothing,
                                   grad.data, &entropy));
  Napi::Object result = Napi::Object::New(args.env());
  result.Set("loss", entropy.loss);
  result.Set("correct", static_cast<double>(entropy.correct));
  return result;
}
}  // namespace

void export_cross_entropy(Exports& exports) { exports.set<SoftmaxCrossEntropy>("softmaxCrossEntropy"); }
