// Each driver against its definition (reference/), on every kernel table of this CPU.
#include "conv2d/conv2d.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "conv2d/grad.h"
#include "conv2d/integer.h"
#include "conv2d/xnor.h"
#include "cpu/dispatch.h"
#include "problem.h"
#include "reference/reference.h"

namespace {
constexpr int kProblems = 60;

// use(kernels, shape) for random shapes; every instruction set computes each of them, with one of its byte adders after the other.
template <class Use>
void each_problem(Test& t, const Use& use) {
  for (int i = 0; i < kProblems; ++i) {
    const Conv2dShape s = random_shape(t);
    const SupportedTables& supported = supported_tables();
    for (size_t isa = 0; isa < supported.count; ++isa) {
      const InstructionSet& set = supported.sets[isa];
      use(*set.tables[i % set.count], s);
    }
  }
}

std::vector<float> magnitudes(std::vector<float> values) {
  for (float& v : values) v = std::fabs(v);
  return values;
}

// 4e-6 of the magnitudes that were added up: the max form of the L1 distance cancels them.
void check_close(Test& t, const std::vector<float>& y, const std::vector<double>& expected, const std::vector<double>& magnitude) {
  bool close = true;
  for (size_t i = 0; i < y.size(); ++i) close = close && std::fabs(y[i] - expected[i]) <= 4e-6 * magnitude[i] + 1e-6;
  CHECK(close);
}

struct Forward {
  Status (*run)(const KernelTable&, ThreadPool&, const Conv2dShape&, const float* x, const float* w, const float* bias, float* y);
  void (*define)(const Conv2dShape&, const float* x, const float* w, const float* bias, double* y);
};

void check_forward(Test& t, const Forward& forward) {
  ThreadPool pool(2);
  each_problem(t, [&](const KernelTable& kernels, const Conv2dShape& s) {
    const auto x = random_values<float>(t, s.x_elems), w = random_values<float>(t, s.w_elems), bias = random_values<float>(t, s.co);
    std::vector<float> y(s.y_elems);
    std::vector<double> expected(s.y_elems), magnitude(s.y_elems);
    CHECK(forward.run(kernels, pool, s, x.data(), w.data(), bias.data(), y.data()) == Status::kOk);
    forward.define(s, x.data(), w.data(), bias.data(), expected.data());
    // sum (|x| + |w|) is the L1 distance of |x| and -|w|, and bounds |x * w| of values up to 2 as well.
    auto negative = magnitudes(w);
    for (float& v : negative) v = -v;
    reference_adder_conv2d(s, magnitudes(x).data(), negative.data(), nullptr, magnitude.data());
    for (double& v : magnitude) v = std::fabs(v);
    check_close(t, y, expected, magnitude);
  });
}

using Values = std::vector<float> (*)(Test& t, size_t count);

// Numbers of every size that float32 has: a few of them, so that differences are of every size as well.
std::vector<float> values_of_any_size(Test& t, size_t count) {
  std::vector<float> values = random_values<float>(t, count);
  const float sizes[] = {0x1p24f, 0x1p24f + 2, -0x1p25f, 1e30f, -1e30f, 0x1p-149f, -0x1p-126f, 64, 65, 0};
  for (float& v : values)
    if (t.integer(0, 3) == 0) v = sizes[t.integer(0, std::size(sizes) - 1)];
  return values;
}
std::vector<float> values_and_infinities(Test& t, size_t count) {
  std::vector<float> values = values_of_any_size(t, count);
  const float infinities[] = {INFINITY, -INFINITY, 3e38f, -3e38f};
  for (float& v : values)
    if (t.integer(0, 7) == 0) v = infinities[t.integer(0, std::size(infinities) - 1)];
  return values;
}
std::vector<float> random_floats(Test& t, size_t count) { return random_values<float>(t, count); }

struct Operands {
  Values x = random_floats, w = random_floats, gy = random_floats;
};

// The gradients: |f(x, w)| <= 4, so each is off by at most a part of 4 sum |gy|.
template <class Run, class Define>
void check_gradient(Test& t, size_t Conv2dShape::*elems, const Run& run, const Define& define, const Operands& operands = {}) {
  ThreadPool pool(2);
  each_problem(t, [&](const KernelTable& kernels, const Conv2dShape& s) {
    const auto x = operands.x(t, s.x_elems), w = operands.w(t, s.w_elems), gy = operands.gy(t, s.y_elems);
    std::vector<float> gradient(s.*elems);
    std::vector<double> expected(s.*elems), magnitude(s.*elems);
    CHECK(run(kernels, pool, s, gy.data(), x.data(), w.data(), gradient.data()) == Status::kOk);
    define(s, gy.data(), x.data(), w.data(), expected.data());
    const std::vector<float> zeros(s.x_elems, 0), fours(s.w_elems, 4), minus_fours(s.w_elems, -4), all_gy = magnitudes(gy);
    if (elems == &Conv2dShape::x_elems) reference_conv2d_grad_input(s, all_gy.data(), fours.data(), magnitude.data());
    else  // x - w = 4 everywhere, on padding too
      reference_adder_conv2d_grad_filter(s, FilterRule::kFull, all_gy.data(), zeros.data(), minus_fours.data(), magnitude.data());
    check_close(t, gradient, expected, magnitude);
  });
}

template <class T>
void check_integer_adder(Test& t) {
  ThreadPool pool(2);
  each_problem(t, [&](const KernelTable& kernels, const Conv2dShape& s) {
    const auto x = random_values<T>(t, s.x_elems), w = random_values<T>(t, s.w_elems);
    const T pad_value = static_cast<T>(t.random());
    std::vector<int32_t> y(s.y_elems);
    std::vector<double> expected(s.y_elems);
    CHECK(adder_conv2d(kernels, pool, s, x.data(), w.data(), pad_value, y.data()) == Status::kOk);
    reference_adder_conv2d(s, x.data(), w.data(), pad_value, expected.data());
    CHECK(std::equal(y.begin(), y.end(), expected.begin()));
  });
}

void check_int8(Test& t, bool seven_bits) {
  ThreadPool pool(2);
  each_problem(t, [&](const KernelTable& kernels, const Conv2dShape& s) {
    const auto x = random_values<uint8_t>(t, s.x_elems);
    auto w = random_values<int8_t>(t, s.w_elems);
    if (seven_bits)
      for (int8_t& v : w) v = static_cast<int8_t>(v / 2);
    const auto pad_value = static_cast<uint8_t>(t.random());
    std::vector<int32_t> y(s.y_elems);
    std::vector<double> expected(s.y_elems);
    CHECK(int8_conv2d(kernels, pool, s, x.data(), w.data(), pad_value, seven_bits, y.data()) == Status::kOk);
    reference_int8_conv2d(s, x.data(), w.data(), pad_value, expected.data());
    CHECK(std::equal(y.begin(), y.end(), expected.begin()));
  });
}
}  // namespace

TEST(adder, "adder_conv2d is its definition") { check_forward(t, {adder_conv2d, reference_adder_conv2d}); }
TEST(conv, "conv2d is its definition") { check_forward(t, {conv2d, reference_conv2d}); }
TEST(xnor, "xnor_conv2d is its definition") { check_forward(t, {xnor_conv2d, reference_xnor_conv2d}); }

TEST(unsigned_bytes, "adder_conv2d of uint8 is exact") { check_integer_adder<uint8_t>(t); }
TEST(signed_bytes, "adder_conv2d of int8 is exact") { check_integer_adder<int8_t>(t); }
TEST(shorts, "adder_conv2d of int16 is exact") { check_integer_adder<int16_t>(t); }
TEST(products, "int8_conv2d is exact") { check_int8(t, false); }
TEST(seven_bit_products, "int8_conv2d of 7-bit weights is exact") { check_int8(t, true); }

void check_adder_grad_input(Test& t, const Operands& operands) {
  for (const InputRule rule : {InputRule::kHardtanh, InputRule::kSign})
    check_gradient(
        t, &Conv2dShape::x_elems,
        [&](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, const float* w,
            float* gx) { return adder_conv2d_grad_input(kernels, pool, s, rule, gy, x, w, gx); },
        [&](const Conv2dShape& s, const float* gy, const float* x, const float* w, double* gx) {
          reference_adder_conv2d_grad_input(s, rule, gy, x, w, gx);
        },
        operands);
}
TEST(adder_grad_input, "adder_conv2d_grad_input is its definition") { check_adder_grad_input(t, {}); }
TEST(far_inputs, "adder_conv2d_grad_input is its definition for x of any size") { check_adder_grad_input(t, {.x = values_and_infinities}); }
TEST(far_filters, "adder_conv2d_grad_input is its definition for w of any size") {
  check_adder_grad_input(t, {.w = values_and_infinities});
}
TEST(large_gradients, "adder_conv2d_grad_input is its definition for gy of any size") {
  check_adder_grad_input(t, {.gy = values_of_any_size});
}
// Of an infinity in x and the same in w, the difference is NaN.
TEST(far_operands, "adder_conv2d_grad_input is its definition for operands of any size") {
  check_adder_grad_input(t, {values_and_infinities, values_of_any_size, values_of_any_size});
  check_adder_grad_input(t, {values_of_any_size, values_and_infinities, values_of_any_size});
}

TEST(adder_grad_filter, "adder_conv2d_grad_filter is its definition") {
  for (const FilterRule rule : {FilterRule::kFull, FilterRule::kSign})
    check_gradient(
        t, &Conv2dShape::w_elems,
        [&](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, const float* w,
            float* gw) { return adder_conv2d_grad_filter(kernels, pool, s, rule, gy, x, w, gw); },
        [&](const Conv2dShape& s, const float* gy, const float* x, const float* w, double* gw) {
          reference_adder_conv2d_grad_filter(s, rule, gy, x, w, gw);
        });
}

TEST(conv_grad_input, "conv2d_grad_input is its definition") {
  check_gradient(
      t, &Conv2dShape::x_elems,
      [](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float*, const float* w, float* gx) {
        return conv2d_grad_input(kernels, pool, s, gy, w, gx);
      },
      [](const Conv2dShape& s, const float* gy, const float*, const float* w, double* gx) { reference_conv2d_grad_input(s, gy, w, gx); });
}

TEST(conv_grad_filter, "conv2d_grad_filter is its definition") {
  check_gradient(
      t, &Conv2dShape::w_elems,
      [](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, const float*, float* gw) {
        return conv2d_grad_filter(kernels, pool, s, gy, x, gw);
      },
      [](const Conv2dShape& s, const float* gy, const float* x, const float*, double* gw) { reference_conv2d_grad_filter(s, gy, x, gw); });
}

TEST(threads, "results are bit-identical for any number of threads") {
  each_problem(t, [&](const KernelTable& kernels, const Conv2dShape& s) {
    const auto x = random_values<float>(t, s.x_elems), w = random_values<float>(t, s.w_elems), gy = random_values<float>(t, s.y_elems);
    std::vector<float> y[2], gx[2], gw[2];
    for (const size_t i : {0, 1}) {
      ThreadPool pool(i == 0 ? 1 : 3);
      y[i].resize(s.y_elems);
      gx[i].resize(s.x_elems);
      gw[i].resize(s.w_elems);
      CHECK(adder_conv2d(kernels, pool, s, x.data(), w.data(), nullptr, y[i].data()) == Status::kOk);
      CHECK(adder_conv2d_grad_input(kernels, pool, s, InputRule::kHardtanh, gy.data(), x.data(), w.data(), gx[i].data()) == Status::kOk);
      CHECK(adder_conv2d_grad_filter(kernels, pool, s, FilterRule::kFull, gy.data(), x.data(), w.data(), gw[i].data()) == Status::kOk);
    }
    CHECK(y[0] == y[1] && gx[0] == gx[1] && gw[0] == gw[1]);
  });
}
