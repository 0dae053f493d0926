#include "../reference/winograd.h"
#include "exports.h"
#include "runtime.h"
#include "winograd_arguments.h"

namespace {
// { x, filters, padValue, offsets, shifts, constants?, y, geometry }; Y is the type of the output's elements. run(shape, x, arguments, y)
template <class X, class Y, class Run>
void forward(const NamedArguments& args, Run run) {
  const Conv2dShape s = args["geometry"].conv2d_shape();
  check_winograd(args["geometry"], s);
  const auto x = args["x"].array<const X>(s.x_elems);
  const WinogradArguments<X> winograd(args, s);
  const auto y = args["y"].array<Y>(s.y_elems);
  args.check_no_overlap(y, x, "x");
  args.check_no_overlap(y, winograd.filters, "filters");
  if constexpr (std::is_same_v<X, int16_t>)
    if (std::any_of(x.data, x.data + x.length, [](int16_t v) { return v < kMinWinogradInput || v > kMaxWinogradInput; }))
      args["x"].fail("ERR_ARGUMENT", "holds a number that is not of 13 bits and sign, -8192 to 8191");
  args.check(run(s, x.data, winograd, y.data));
}

template <class Y, class Run>
void forward_of_type(const Arguments& call, Run run) {
  const NamedArguments args(call, {"x", "filters", "padValue", "offsets", "shifts", "constants", "y", "geometry"});
  if (args["x"].is_array<int16_t>()) forward<int16_t, Y>(args, run);
  else forward<uint8_t, Y>(args, run);
}

void WinogradAdderConv2dInteger(const Arguments& args) {
  forward_of_type<int32_t>(args, [&](const Conv2dShape& s, const auto* x, const auto& winograd, int32_t* y) {
    ThreadPool& pool = threads(args.env());
    const auto packed = winograd.pack(kernels(args.env()), pool, s);
    return packed ? packed->run(pool, s.n, x, y) : Status::kMemory;
  });
}
void ReferenceWinogradAdderConv2dInteger(const Arguments& args) {
  forward_of_type<double>(args, [](const Conv2dShape& s, const auto* x, const auto& winograd, double* y) {
    reference_winograd_adder_conv2d(s, x, winograd.filters.data, winograd.pad_value, winograd.rounding_or_null(),
                                    winograd.constants_or_null(), y);
    return Status::kOk;
  });
}
}  // namespace

void export_winograd_integer(Exports& exports) {
  exports.set<WinogradAdderConv2dInteger>("winogradAdderConv2dInteger");
  exports.set<ReferenceWinogradAdderConv2dInteger>("referenceWinogradAdderConv2dInteger");
}
