#include "../conv2d/grad.h"

#include "../reference/reference.h"
#include "exports.h"
#include "runtime.h"

namespace {
enum class Of { kInput, kFilter };

// (gy, x, filters, gx or gw, geometry, sign); G is the type of the gradient's elements.
template <class G, Of kOf, class Run>
void adder_grad(const Arguments& args, Run run) {
  const Conv2dShape shape = args(4, "geometry").conv2d_shape();
  const auto gy = args(0, "gy").array<const float>(shape.y_elems), x = args(1, "x").array<const float>(shape.x_elems);
  const auto w = args(2, "filters").array<const float>(shape.w_elems);
  const auto out = args(3, "out").array<G>(kOf == Of::kInput ? shape.x_elems : shape.w_elems);
  const bool sign = args(5, "sign").boolean();
  for (const auto& input : {gy, x, w}) args.check_no_overlap(out, input, "an input");
  if constexpr (kOf == Of::kInput)
    args.check(run(shape, sign ? InputRule::kSign : InputRule::kHardtanh, gy.data, x.data, w.data, out.data));
  else args.check(run(shape, sign ? FilterRule::kSign : FilterRule::kFull, gy.data, x.data, w.data, out.data));
}

// (gy, filters, gx, geometry) or (gy, x, gw, geometry)
template <class G, Of kOf, class Run>
void conv_grad(const Arguments& args, Run run) {
  constexpr bool kInput = kOf == Of::kInput;
  const Conv2dShape shape = args(3, "geometry").conv2d_shape();
  const auto gy = args(0, "gy").array<const float>(shape.y_elems);
  const auto other = args(1, kInput ? "filters" : "x").array<const float>(kInput ? shape.w_elems : shape.x_elems);
  const auto out = args(2, "out").array<G>(kInput ? shape.x_elems : shape.w_elems);
  for (const auto& input : {gy, other}) args.check_no_overlap(out, input, "an input");
  args.check(run(shape, gy.data, other.data, out.data));
}

void AdderConv2dGradInput(const Arguments& args) {
  adder_grad<float, Of::kInput>(args, [&](auto... a) { return adder_conv2d_grad_input(kernels(args.env()), threads(args.env()), a...); });
}
void AdderConv2dGradFilter(const Arguments& args) {
  adder_grad<float, Of::kFilter>(args, [&](auto... a) { return adder_conv2d_grad_filter(kernels(args.env()), threads(args.env()), a...); });
}
void Conv2dGradInput(const Arguments& args) {
  conv_grad<float, Of::kInput>(args, [&](auto... a) { return conv2d_grad_input(kernels(args.env()), threads(args.env()), a...); });
}
void Conv2dGradFilter(const Arguments& args) {
  conv_grad<float, Of::kFilter>(args, [&](auto... a) { return conv2d_grad_filter(kernels(args.env()), threads(args.env()), a...); });
}

void ReferenceAdderConv2dGradInput(const Arguments& args) {
  adder_grad<double, Of::kInput>(args, [](auto... a) { return reference_adder_conv2d_grad_input(a...), Status::kOk; });
}
void ReferenceAdderConv2dGradFilter(const Arguments& args) {
  adder_grad<double, Of::kFilter>(args, [](auto... a) { return reference_adder_conv2d_grad_filter(a...), Status::kOk; });
}
void ReferenceConv2dGradInput(const Arguments& args) {
  conv_grad<double, Of::kInput>(args, [](auto... a) { return reference_conv2d_grad_input(a...), Status::kOk; });
}
void ReferenceConv2dGradFilter(const Arguments& args) {
  conv_grad<double, Of::kFilter>(args, [](auto... a) { return reference_conv2d_grad_filter(a...), Status::kOk; });
}
}  // namespace

void export_conv2d_grad(Exports& exports) {
  exports.set<AdderConv2dGradInput>("adderConv2dGradInput");
  exports.set<AdderConv2dGradFilter>("adderConv2dGradFilter");
  exports.set<Conv2dGradInput>("conv2dGradInput");
  exports.set<Conv2dGradFilter>("conv2dGradFilter");
  exports.set<ReferenceAdderConv2dGradInput>("referenceAdderConv2dGradInput");
  exports.set<ReferenceAdderConv2dGradFilter>("referenceAdderConv2dGradFilter");
  exports.set<ReferenceConv2dGradInput>("referenceConv2dGradInput");
  exports.set<ReferenceConv2dGradFilter>("referenceConv2dGradFilter");
}
