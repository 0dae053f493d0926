#include "../conv2d/integer.h"

#include "../reference/reference.h"
#include "exports.h"
#include "runtime.h"
#include "seven_bits.h"

namespace {
// (x, filters, padValue, y, geometry)
template <class X, class W, class Y, class Run>
void run_integer_conv2d(const Arguments& args, Run run) {
  const Conv2dShape shape = args(4, "geometry").conv2d_shape();
  const auto x = args(0, "x").array<const X>(shape.x_elems);
  const auto w = args(1, "filters").array<const W>(shape.w_elems);
  const auto pad_value = args(2, "padValue").integer<X>();
  const auto y = args(3, "out").array<Y>(shape.y_elems);
  args.check_no_overlap(y, x, "x");
  args.check_no_overlap(y, w, "filters");
  args.check(run(shape, x.data, w, pad_value, y.data));
}

// For the type of x: uint8, int8 or int16.
template <class Y, class Run>
void run_adder_conv2d(const Arguments& args, Run run) {
  const auto typed = [&](auto zero) {
    using T = decltype(zero);
    run_integer_conv2d<T, T, Y>(
        args, [&](const Conv2dShape& s, const T* x, const View<const T>& w, T pad_value, Y* y) { return run(s, x, w.data, pad_value, y); });
  };
  const Argument x = args(0, "x");
  if (x.is_array<uint8_t>()) typed(uint8_t{});
  else if (x.is_array<int8_t>()) typed(int8_t{});
  else if (x.is_array<int16_t>()) typed(int16_t{});
  else x.fail("ERR_DTYPE", "is not an array of uint8, int8 or int16");
}

void AdderConv2dInteger(const Arguments& args) {
  run_adder_conv2d<int32_t>(args, [&](auto... a) { return adder_conv2d(kernels(args.env()), threads(args.env()), a...); });
}
void ReferenceAdderConv2dInteger(const Arguments& args) {
  run_adder_conv2d<double>(args, [](auto... a) { return reference_adder_conv2d(a...), Status::kOk; });
}

// (..., weightBits)
void Int8Conv2d(const Arguments& args) {
  using Filters = View<const int8_t>;
  run_integer_conv2d<uint8_t, int8_t, int32_t>(
      args, [&](const Conv2dShape& s, const uint8_t* x, const Filters& w, uint8_t pad_value, int32_t* y) {
        const bool seven = seven_bits(args, args(5, "weightBits"), w);
        return int8_conv2d(kernels(args.env()), threads(args.env()), s, x, w.data, pad_value, seven, y);
      });
}
void ReferenceInt8Conv2d(const Arguments& args) {
  using Filters = View<const int8_t>;
  run_integer_conv2d<uint8_t, int8_t, double>(args,
                                              [](const Conv2dShape& s, const uint8_t* x, const Filters& w, uint8_t pad_value, double* y) {
                                                return reference_int8_conv2d(s, x, w.data, pad_value, y), Status::kOk;
                                              });
}
}  // namespace

void export_conv2d_integer(Exports& exports) {
  exports.set<AdderConv2dInteger>("adderConv2dInteger");
  exports.set<Int8Conv2d>("int8Conv2d");
  exports.set<ReferenceAdderConv2dInteger>("referenceAdderConv2dInteger");
  exports.set<ReferenceInt8Conv2d>("referenceInt8Conv2d");
}
