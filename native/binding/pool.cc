#include "../nn/pool.h"

#include "exports.h"
#include "pool_shape.h"
#include "runtime.h"

namespace {
// (x, y, geometry)
using Pool = void (*)(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y);
void pool2d(const Arguments& args, Pool pool) {
  const Conv2dShape shape = pool_shape(args, args(2, "geometry"));
  const auto x = args(0, "x").array<const float>(shape.x_elems);
  const auto y = args(1, "out").array<float>(shape.y_elems);
  args.check_no_overlap(y, x, "x");
  pool(threads(args.env()), shape, x.data, y.data);
}

void MaxPool2d(const Arguments& args) { pool2d(args, max_pool2d); }
void AveragePool2d(const Arguments& args) { pool2d(args, average_pool2d); }
}  // namespace

void export_pool(Exports& exports) {
  exports.set<MaxPool2d>("maxPool2d");
  exports.set<AveragePool2d>("averagePool2d");
}
