#include "../nn/symmetric_pad.h"

#include "exports.h"
#include "runtime.h"

namespace {
// A copy: another thread may change a SharedArrayBuffer between two looks at it. Elements of y stay below 2^53.
SymmetricPadSize pad_size(const Argument& argument) {
  int32_t sizes[4];
  std::copy_n(argument.array<const int32_t>(4).data, 4, sizes);
  double elems = 1;
  for (const int32_t size : sizes) {
    if (size < 1) argument.fail("ERR_SHAPE", "is not of positive sizes");
    elems *= size + 1.0;
  }
  if (elems > 9007199254740992.0) argument.fail("ERR_SHAPE", "is of more elements than memory can hold");
  const auto at = [&](int i) { return static_cast<size_t>(sizes[i]); };
  return {at(0), at(1), at(2), at(3)};
}

// (x, value, y, size)
void SymmetricPad2d(const Arguments& args) {
  const SymmetricPadSize size = pad_size(args(3, "size"));
  const auto value = static_cast<float>(args(1, "value").number());
  const auto x = args(0, "x").array<const float>(size.x_elems());
  const auto y = args(2, "out").array<float>(size.y_elems());
  args.check_no_overlap(y, x, "x");
  symmetric_pad(threads(args.env()), size, x.data, value, y.data);
}

// (gy, gx, size)
void SymmetricPad2dGrad(const Arguments& args) {
  const SymmetricPadSize size = pad_size(args(2, "size"));
  const auto gy = args(0, "gy").array<const float>(size.y_elems());
  const auto gx = args(1, "out").array<float>(size.x_elems());
  args.check_no_overlap(gx, gy, "gy");
  symmetric_pad_grad(threads(args.env()), size, gy.data, gx.data);
}
}  // namespace

void export_symmetric_pad(Exports& exports) {
  exports.set<SymmetricPad2d>("symmetricPad2d");
  exports.set<SymmetricPad2dGrad>("symmetricPad2dGrad");
}
