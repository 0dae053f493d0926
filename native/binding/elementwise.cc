// y may be the very memory of an input, since each element is read before it is written.
#include "../nn/elementwise.h"

#include "exports.h"
#include "runtime.h"

namespace {
// (x, y)
void Relu(const Arguments& args) {
  const auto x = args(0, "x").array<const float>();
  const auto y = args(1, "out").array<float>(x.length);
  args.check_same_or_no_overlap(y, x, "x");
  activate(kernels(args.env()), threads(args.env()), x.length, x.data, kRelu, y.data);
}

// (a, b, y)
void Add(const Arguments& args) {
  const auto a = args(0, "a").array<const float>(), b = args(1, "b").array<const float>(a.length);
  const auto y = args(2, "out").array<float>(a.length);
  args.check_same_or_no_overlap(y, a, "a");
  args.check_same_or_no_overlap(y, b, "b");
  add(kernels(args.env()), threads(args.env()), a.length, a.data, b.data, y.data);
}
}  // namespace

void export_elementwise(Exports& exports) {
  exports.set<Relu>("relu");
  exports.set<Add>("add");
}
