// Winograd layers of floats, plain and with an epilogue, and their gradients.
#include "conv2d/winograd.h"

#include "../../native/conv2d/winograd_magnitudes.h"
#include "fuzz_case.h"
#include "reference/winograd.h"

namespace {
constexpr size_t kMaxPairs = 20000;  // of a case, which takes a millisecond
}  // namespace

Conv2dShape random_windows(Case& c) {
  const auto size = [&](size_t max) { return static_cast<int32_t>(c.bytes.integer(1, max)); };
  int32_t n = size(4), ci = size(80), co = size(80);
  const int32_t top = size(5) - 1, left = size(5) - 1, bottom = size(5) - 1, right = size(5) - 1;
  int32_t more_rows = size(12) - 1, more_columns = size(24) - 1;
  for (;;) {
    const int32_t h = std::max(1, 3 - top - bottom) + more_rows, w = std::max(1, 3 - left - right) + more_columns;
    const int32_t geometry[kConv2dGeometryLength] = {n, h, w, ci, co, 3, 3, 1, 1, top, left, bottom, right, 1, 1, 1};
    Conv2dShape s = {};
    c.expect(make_conv2d_shape(geometry, &s) == Status::kOk && fits_winograd(s), "the shape is refused");
    if (s.y_elems * s.ci <= kMaxPairs) return s;
    int32_t* const largest = std::max({&n, &more_rows, &more_columns, &ci, &co}, [](auto a, auto b) { return *a < *b; });
    if (*largest <= 1) return s;
    *largest /= 2;
  }
}

namespace {
struct Operands {
  Conv2dShape s;
  Array<float> x, u, gy;
  WinogradMagnitudes magnitudes;
};

// run(kernels, pool, out) computes as many numbers as are expected.
template <class Run>
void check(Case& c, const char* name, const Array<double>& expected, const std::vector<double>& magnitudes, const Run& run) {
  c.run(
      name,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<float>& out) {
        c.expect(run(kernels, pool, out.data()) == Status::kOk, "status");
      },
      [&](const Array<float>& out) { c.expect_close(out.data(), expected.data(), magnitudes.data(), out.size(), 4e-6); },
      Array<float>(expected.size()));
}

void fuzz_forward(Case& c, const Operands& o) {
  const Conv2dShape& s = o.s;
  constexpr Activation kActivations[] = {kNoActivation, kRelu, kRelu6, {-1.5f, 0.25f}, {-INFINITY, 0.5f}};
  const auto bias = c.floats(s.co), scale = c.floats(s.co), shift = c.floats(s.co), residual = c.floats(s.y_elems);
  const bool has_bias = c.bytes.flag(), has_scale = c.bytes.flag(), has_residual = c.bytes.flag();
  const Activation activation = c.bytes.one_of(kActivations);
  Array<double> expected(s.y_elems);
  std::vector<double> magnitudes = o.magnitudes.y;
  reference_winograd_adder_conv2d(s, o.x.data(), o.u.data(), nullptr, expected.data());
  for (size_t i = 0; i < s.y_elems; ++i) {
    const size_t co = i % s.co;
    const double b = has_bias ? bias[co] : 0, a = has_scale ? scale[co] : 1, t = has_scale ? shift[co] : 0,
                 r = has_residual ? residual[i] : 0;
    if (!std::isnan(expected[i])) expected[i] = std::clamp<double>((expected[i] + b) * a + t + r, activation.min, activation.max);
    if (magnitudes[i] < 1e36) magnitudes[i] = (magnitudes[i] + std::fabs(b)) * std::fabs(a) + std::fabs(t) + std::fabs(r);
    else magnitudes[i] = INFINITY;  // sums may overflow, whatever the scale
  }
  // What is packed for one image runs for any number of them.
  const Conv2dShape packed_shape = c.bytes.flag() ? s : with_images(s, 1);
  check(c, "winograd_adder_conv2d with epilogue", expected, magnitudes, [&](const KernelTable& kernels, ThreadPool& pool, float* y) {
    const Epilogue epilogue = {has_bias ? bias.data() : nullptr, has_scale ? scale.data() : nullptr, has_scale ? shift.data() : nullptr,
                               activation};
    const auto packed = pack_winograd_adder_conv2d(kernels, pool, packed_shape, o.u.data(), epilogue);
    return packed ? packed->run({pool, s.n, o.x.data(), has_residual ? residual.data() : nullptr, y}) : Status::kMemory;
  });
}
}  // namespace

void fuzz_winograd(Case& c) {
  const size_t kind = c.bytes.integer(0, 2);
  const Conv2dShape s = random_windows(c);
  Operands o = {s, c.floats(s.x_elems, true), c.floats(winograd_filter_elems(s), kind == 0), c.floats(s.y_elems), {}};
  o.magnitudes = winograd_magnitudes(s, o.x.data(), o.u.data(), o.gy.data());
  if (kind == 0) return fuzz_forward(c, o);
  if (kind == 1) {
    Array<double> expected(s.x_elems);
    reference_winograd_adder_conv2d_grad_input(s, o.gy.data(), o.x.data(), o.u.data(), expected.data());
    check(c, "winograd_adder_conv2d_grad_input", expected, o.magnitudes.gx, [&](const KernelTable& kernels, ThreadPool& pool, float* gx) {
      return winograd_adder_conv2d_grad_input(kernels, pool, s, o.gy.data(), o.x.data(), o.u.data(), gx);
    });
  } else {
    Array<double> expected(winograd_filter_elems(s));
    reference_winograd_adder_conv2d_grad_filter(s, o.gy.data(), o.x.data(), o.u.data(), expected.data());
    check(c, "winograd_adder_conv2d_grad_filter", expected, o.magnitudes.gu, [&](const KernelTable& kernels, ThreadPool& pool, float* gu) {
      return winograd_adder_conv2d_grad_filter(kernels, pool, s, o.gy.data(), o.x.data(), o.u.data(), gu);
    });
  }
}
