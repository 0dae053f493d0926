// Winograd layers and their gradients against their definitions, on every kernel table of this CPU.
#include "conv2d/winograd.h"

#include "cpu/dispatch.h"
#include "problem.h"
#include "reference/winograd.h"
#include "winograd_magnitudes.h"

namespace {
constexpr int kProblems = 60;

Conv2dShape random_windows(Test& t) {
  const auto size = [&](size_t max) { return static_cast<int32_t>(t.integer(0, 4) == 0 ? 1 : t.integer(1, max)); };
  const int32_t top = size(4) - 1, left = size(4) - 1, bottom = size(4) - 1, right = size(4) - 1;
  const int32_t h = std::max(1, 3 - top - bottom) + size(8) - 1, w = std::max(1, 3 - left - right) + size(20) - 1;
  const int32_t geometry[kConv2dGeometryLength] = {size(3), h, w, size(40), size(70), 3, 3, 1, 1, top, left, bottom, right, 1, 1, 1};
  Conv2dShape s = {};
  CHECK(make_conv2d_shape(geometry, &s) == Status::kOk);
  return s;
}

void check_close(Test& t, const std::vector<float>& y, const std::vector<double>& expected, const std::vector<double>& magnitude) {
  bool close = true;
  for (size_t i = 0; i < y.size(); ++i) close = close && std::fabs(y[i] - expected[i]) <= 2e-6 * magnitude[i] + 1e-6;
  CHECK(close);
}
}  // namespace

TEST(winograd, "Winograd layers and their gradients are their definitions, bit-identical for any number of threads") {
  for (int i = 0; i < kProblems; ++i) {
    const Conv2dShape s = random_windows(t);
    CHECK(fits_winograd(s));
    const auto x = random_values<float>(t, s.x_elems), u = random_values<float>(t, winograd_filter_elems(s)),
               bias = random_values<float>(t, s.co), gy = random_values<float>(t, s.y_elems);
    const WinogradMagnitudes magnitudes = winograd_magnitudes(s, x.data(), u.data(), gy.data());
    std::vector<double> expected_y(s.y_elems), expected_gx(s.x_elems), expected_gu(u.size());
    reference_winograd_adder_conv2d(s, x.data(), u.data(), bias.data(), expected_y.data());
    reference_winograd_adder_conv2d_grad_input(s, gy.data(), x.data(), u.data(), expected_gx.data());
    reference_winograd_adder_conv2d_grad_filter(s, gy.data(), x.data(), u.data(), expected_gu.data());
    const SupportedTables& supported = supported_tables();
    for (size_t isa = 0; isa < supported.count; ++isa) {
      const KernelTable& kernels = *supported.tables[isa];
      std::vector<float> y[2], gx[2], gu[2];
      for (const size_t run : {0, 1}) {
        ThreadPool pool(run == 0 ? 1 : 3);
        y[run].resize(s.y_elems);
        gx[run].resize(s.x_elems);
        gu[run].resize(u.size());
        CHECK(winograd_adder_conv2d(kernels, pool, s, x.data(), u.data(), bias.data(), y[run].data()) == Status::kOk);
        CHECK(winograd_adder_conv2d_grad_input(kernels, pool, s, gy.data(), x.data(), u.data(), gx[run].data()) == Status::kOk);
        CHECK(winograd_adder_conv2d_grad_filter(kernels, pool, s, gy.data(), x.data(), u.data(), gu[run].data()) == Status::kOk);
      }
      CHECK(y[0] == y[1] && gx[0] == gx[1] && gu[0] == gu[1]);
      check_close(t, y[0], expected_y, magnitudes.y);
      check_close(t, gx[0], expected_gx, magnitudes.gx);
      check_close(t, gu[0], expected_gu, magnitudes.gu);
    }
  }
}
