#include "../conv2d/conv2d.h"

#include "../conv2d/xnor.h"
#include "../reference/reference.h"
#include "exports.h"
#include "runtime.h"

namespace {
// (x, filters, bias | undefined, y, geometry); Y is the type of the output's elements.
template <class Y, class Run>
void run_conv2d(const Arguments& args, Run run) {
  const Conv2dShape shape = args(4, "geometry").conv2d_shape();
  const auto x = args(0, "x").array<const float>(shape.x_elems), w = args(1, "filters").array<const float>(shape.w_elems);
  const auto bias = args(2, "bias").optional_array<const float>(shape.co);
  const auto y = args(3, "out").array<Y>(shape.y_elems);
  args.check_no_overlap(y, x, "x");
  args.check_no_overlap(y, w, "filters");
  args.check_no_overlap(y, bias, "bias");
  args.check(run(shape, x.data, w.data, bias.data, y.data));
}

void AdderConv2d(const Arguments& args) {
  run_conv2d<float>(args, [&](auto... a) { return adder_conv2d(kernels(args.env()), threads(args.env()), a...); });
}
void Conv2d(const Arguments& args) {
  run_conv2d<float>(args, [&](auto... a) { return conv2d(kernels(args.env()), threads(args.env()), a...); });
}
void XnorConv2d(const Arguments& args) {
  run_conv2d<float>(args, [&](auto... a) { return xnor_conv2d(kernels(args.env()), threads(args.env()), a...); });
}

using Reference = void (*)(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y);
template <Reference kReference>
void run_reference(const Arguments& args) {
  run_conv2d<double>(args, [](auto... a) { return kReference(a...), Status::kOk; });
}
}  // namespace

void export_conv2d(Exports& exports) {
  exports.set<AdderConv2d>("adderConv2d");
  exports.set<Conv2d>("conv2d");
  exports.set<XnorConv2d>("xnorConv2d");
  exports.set<run_reference<reference_adder_conv2d>>("referenceAdderConv2d");
  exports.set<run_reference<reference_conv2d>>("referenceConv2d");
  exports.set<run_reference<reference_xnor_conv2d>>("referenceXnorConv2d");
}
