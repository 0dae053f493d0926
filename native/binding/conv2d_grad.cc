#include "../conv2d/grad.h"

#include "../reference/reference.h"
#include "args.h"
#include "runtime.h"

namespace {
// (gy, x, filters, gx, geometry, sign) and the same with gw; G is the type of the gradient's elements.
template <class G, class Run>
void adder_gradient(const Napi::CallbackInfo& info, const char* op, bool of_input, Run run) {
  const Arguments args(info, op);
  const ConvShape shape = args.conv_shape(4);
  const View<float> gy = args.array<float>(0, "gy", shape.y_elems);
  const View<float> x = args.array<float>(1, "x", shape.x_elems);
  const View<float> w = args.array<float>(2, "filters", shape.w_elems);
  const View<G> out = args.array<G>(3, "out", of_input ? shape.x_elems : shape.w_elems);
  for (const View<float>& input : {gy, x, w}) args.apart(out, input, "an input");
  args.check(run(shape, args.boolean(5, "sign"), gy.data, x.data, w.data, out.data));
}

// (gy, filters, gx, geometry) or (gy, x, gw, geometry)
template <class G, class Run>
void conv_gradient(const Napi::CallbackInfo& info, const char* op, bool of_input, Run run) {
  const Arguments args(info, op);
  const ConvShape shape = args.conv_shape(3);
  const View<float> gy = args.array<float>(0, "gy", shape.y_elems);
  const View<float> other = args.array<float>(1, of_input ? "filters" : "x", of_input ? shape.w_elems : shape.x_elems);
  const View<G> out = args.array<G>(2, "out", of_input ? shape.x_elems : shape.w_elems);
  for (const View<float>& input : {gy, other}) args.apart(out, input, "an input");
  args.check(run(shape, gy.data, other.data, out.data));
}

InputRule input_rule(bool sign) { return sign ? InputRule::kSign : InputRule::kHardtanh; }
FilterRule filter_rule(bool sign) { return sign ? FilterRule::kSign : FilterRule::kFull; }
}  // namespace

void AdderConv2dGradInput(const Napi::CallbackInfo& info) {
  adder_gradient<float>(info, "adderConv2dGradInput", true, [&](const ConvShape& shape, bool sign, auto... arrays) {
    return adder_conv2d_grad_input(kernels(info.Env()), threads(info.Env()), shape, input_rule(sign), arrays...);
  });
}

void AdderConv2dGradFilter(const Napi::CallbackInfo& info) {
  adder_gradient<float>(info, "adderConv2dGradFilter", false, [&](const ConvShape& shape, bool sign, auto... arrays) {
    return adder_conv2d_grad_filter(kernels(info.Env()), threads(info.Env()), shape, filter_rule(sign), arrays...);
  });
}

void Conv2dGradInput(const Napi::CallbackInfo& info) {
  conv_gradient<float>(info, "conv2dGradInput", true,
                       [&](auto&... a) { return conv2d_grad_input(kernels(info.Env()), threads(info.Env()), a...); });
}

void Conv2dGradFilter(const Napi::CallbackInfo& info) {
  conv_gradient<float>(info, "conv2dGradFilter", false,
                       [&](auto&... a) { return conv2d_grad_filter(kernels(info.Env()), threads(info.Env()), a...); });
}

void ReferenceAdderConv2dGradInput(const Napi::CallbackInfo& info) {
  adder_gradient<double>(info, "referenceAdderConv2dGradInput", true, [](const ConvShape& shape, bool sign, auto... arrays) {
    reference_adder_conv2d_grad_input(shape, input_rule(sign), arrays...);
    return Status::kOk;
  });
}

void ReferenceAdderConv2dGradFilter(const Napi::CallbackInfo& info) {
  adder_gradient<double>(info, "referenceAdderConv2dGradFilter", false, [](const ConvShape& shape, bool sign, auto... arrays) {
    reference_adder_conv2d_grad_filter(shape, filter_rule(sign), arrays...);
    return Status::kOk;
  });
}

void ReferenceConv2dGradInput(const Napi::CallbackInfo& info) {
  conv_gradient<double>(info, "referenceConv2dGradInput", true, [](auto&... a) {
    reference_conv2d_grad_input(a...);
    return Status::kOk;
  });
}

void ReferenceConv2dGradFilter(const Napi::CallbackInfo& info) {
  conv_gradient<double>(info, "referenceConv2dGradFilter", false, [](auto&... a) {
    reference_conv2d_grad_filter(a...);
    return Status::kOk;
  });
}
