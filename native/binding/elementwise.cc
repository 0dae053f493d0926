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

// (x, bias | undefined, channels, y, part)
void CenterChannels(const Arguments& args) {
  const auto x = args(0, "x").array<const float>();
  const auto channels = static_cast<size_t>(args(2, "channels").integer_in_range(1, std::numeric_limits<int32_t>::max()));
  if (x.length % channels != 0) args.fail("ERR_SHAPE", "x does not divide into channels");
  const auto bias = args(1, "bias").optional_array<const float>(channels);
  const auto y = args(3, "out").array<float>(x.length);
  args.check_same_or_no_overlap(y, x, "x");
  args.check_no_overlap(y, bias, "bias");
  center(kernels(args.env()), threads(args.env()),
         {x.length / channels, channels, x.data, nullptr, kNoActivation, bias.data, nullptr, nullptr, y.data,
          static_cast<float>(args(4, "part").number())});
}
}  // namespace

void export_elementwise(Exports& exports) {
  exports.set<Relu>("relu");
  exports.set<Add>("add");
  exports.set<CenterChannels>("centerChannels");
}
