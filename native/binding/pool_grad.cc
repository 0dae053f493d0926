#include "../nn/pool_grad.h"

#include "exports.h"
#include "pool_shape.h"
#include "runtime.h"

namespace {
// (gy, x, gx, geometry)
void MaxPool2dGrad(const Arguments& args) {
  const Conv2dShape shape = pool_shape(args, args(3, "geometry"));
  const auto gy = args(0, "gy").array<const float>(shape.y_elems), x = args(1, "x").array<const float>(shape.x_elems);
  const auto gx = args(2, "out").array<float>(shape.x_elems);
  args.check_no_overlap(gx, gy, "gy");
  args.check_no_overlap(gx, x, "x");
  args.check(max_pool2d_grad(kernels(args.env()), threads(args.env()), shape, gy.data, x.data, gx.data));
}

// (gy, gx, geometry)
void AveragePool2dGrad(const Arguments& args) {
  const Conv2dShape shape = pool_shape(args, args(2, "geometry"));
  const auto gy = args(0, "gy").array<const float>(shape.y_elems);
  const auto gx = args(1, "out").array<float>(shape.x_elems);
  args.check_no_overlap(gx, gy, "gy");
  average_pool2d_grad(threads(args.env()), shape, gy.data, gx.data);
}
}  // namespace

void export_pool_grad(Exports& exports) {
  exports.set<MaxPool2dGrad>("maxPool2dGrad");
  exports.set<AveragePool2dGrad>("averagePool2dGrad");
}
