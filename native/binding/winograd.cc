#include "../reference/winograd.h"
#include "exports.h"
#include "runtime.h"
#include "winograd_arguments.h"

namespace {
Conv2dShape winograd_shape(const Argument& geometry) {
  const Conv2dShape s = geometry.conv2d_shape();
  check_winograd(geometry, s);
  return s;
}

// (x, filters, bias | undefined, y, geometry); Y is the type of the output's elements.
template <class Y, class Run>
void forward(const Arguments& args, Run run) {
  const Conv2dShape s = winograd_shape(args(4, "geometry"));
  const auto x = args(0, "x").array<const float>(s.x_elems), u = args(1, "filters").array<const float>(winograd_filter_elems(s));
  const auto bias = args(2, "bias").optional_array<const float>(s.co);
  const auto y = args(3, "out").array<Y>(s.y_elems);
  for (const auto& [input, name] : {std::pair(x, "x"), std::pair(u, "filters"), std::pair(bias, "bias")})
    args.check_no_overlap(y, input, name);
  args.check(run(s, x.data, u.data, bias.data, y.data));
}

enum class Of { kInput, kFilter };

// (gy, x, filters, gx or gu, geometry); G is the type of the gradient's elements.
template <class G, Of kOf, class Run>
void gradient(const Arguments& args, Run run) {
  const Conv2dShape s = winograd_shape(args(4, "geometry"));
  const auto gy = args(0, "gy").array<const float>(s.y_elems), x = args(1, "x").array<const float>(s.x_elems);
  const auto u = args(2, "filters").array<const float>(winograd_filter_elems(s));
  const auto out = args(3, "out").array<G>(kOf == Of::kInput ? s.x_elems : winograd_filter_elems(s));
  for (const auto& input : {gy, x, u}) args.check_no_overlap(out, input, "an input");
  args.check(run(s, gy.data, x.data, u.data, out.data));
}

void WinogradAdderConv2d(const Arguments& args) {
  forward<float>(args, [&](auto... a) { return winograd_adder_conv2d(kernels(args.env()), threads(args.env()), a...); });
}
void WinogradAdderConv2dGradInput(const Arguments& args) {
  gradient<float, Of::kInput>(args,
                              [&](auto... a) { return winograd_adder_conv2d_grad_input(kernels(args.env()), threads(args.env()), a...); });
}
void WinogradAdderConv2dGradFilter(const Arguments& args) {
  gradient<float, Of::kFilter>(
      args, [&](auto... a) { return winograd_adder_conv2d_grad_filter(kernels(args.env()), threads(args.env()), a...); });
}

void ReferenceWinogradAdderConv2d(const Arguments& args) {
  forward<double>(args, [](auto... a) { return reference_winograd_adder_conv2d(a...), Status::kOk; });
}
void ReferenceWinogradAdderConv2dGradInput(const Arguments& args) {
  gradient<double, Of::kInput>(args, [](auto... a) { return reference_winograd_adder_conv2d_grad_input(a...), Status::kOk; });
}
void ReferenceWinogradAdderConv2dGradFilter(const Arguments& args) {
  gradient<double, Of::kFilter>(args, [](auto... a) { return reference_winograd_adder_conv2d_grad_filter(a...), Status::kOk; });
}
}  // namespace

void export_winograd(Exports& exports) {
  exports.set<WinogradAdderConv2d>("winogradAdderConv2d");
  exports.set<WinogradAdderConv2dGradInput>("winogradAdderConv2dGradInput");
  exports.set<WinogradAdderConv2dGradFilter>("winogradAdderConv2dGradFilter");
  exports.set<ReferenceWinogradAdderConv2d>("referenceWinogradAdderConv2d");
  exports.set<ReferenceWinogradAdderConv2dGradInput>("referenceWinogradAdderConv2dGradInput");
  exports.set<ReferenceWinogradAdderConv2dGradFilter>("referenceWinogradAdderConv2dGradFilter");
}
