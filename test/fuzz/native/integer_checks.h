// Integer convolutions held against the sums of their definition.
#pragma once
#include "conv2d/integer.h"
#include "fuzz_case.h"
#include "reference/reference.h"

using Doubles = Array<double>;

inline Activation random_activation(Case& c) {
  constexpr Activation kActivations[] = {kNoActivation, kRelu, kRelu6, {-1.5f, 0.25f}, {-INFINITY, 0.5f}};
  return c.bytes.one_of(kActivations);
}

template <class Run>
void fuzz_sums(Case& c, const char* name, const Conv2dShape& s, const Doubles& expected, const Run& run) {
  c.run(
      name,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<int32_t>& y) {
        c.expect(run(kernels, pool, s, y.data()) == Status::kOk, "status");
      },
      [&](const Array<int32_t>& y) { c.expect(std::equal(y.data(), y.data() + y.size(), expected.data()), "differs from its definition"); },
      Array<int32_t>(s.y_elems));
}

// Sums of quantized numbers that go on to quantized numbers or to floats, bit-exact.
// pack(kernels, pool) -> PackedIntegerConv2d<X>
template <class X, class Pack>
void fuzz_rescaled(Case& c, const char* name, const Conv2dShape& s, const Array<X>& x, const Doubles& sums, const Pack& pack) {
  const auto scale = c.floats(s.co), shift = c.floats(s.co), residual = c.floats(s.y_elems, true);
  const auto quantized_residual = c.integers<X>(s.y_elems);
  const size_t residual_kind = c.bytes.integer(0, 2);
  const Rescaling<X> rescaling = {scale.data(), shift.data(), residual_kind == 1 ? quantized_residual.data() : nullptr,
                                  residual_kind == 2 ? residual.data() : nullptr, c.uniform(-2, 2)};
  const bool requantizes = c.bytes.flag();
  if (requantizes) {
    const auto range = c.quantized_range<X>();
    Array<X> expected(s.y_elems);
    reference_requantize(s.y_elems / s.co, s.co, sums.data(), rescaling, range, expected.data());
    c.run(
        name,
        [&](const KernelTable& kernels, ThreadPool& pool, Array<X>& y) {
          const auto packed = pack(kernels, pool);
          c.expect(packed && packed->run(pool, s.n, x.data(), rescaling, range, y.data()) == Status::kOk, "status");
        },
        [&](const Array<X>& y) { c.expect(std::equal(y.data(), y.data() + y.size(), expected.data()), "quantized numbers differ"); },
        Array<X>(s.y_elems));
    return;
  }
  const Activation activation = random_activation(c);
  Array<float> expected(s.y_elems);
  reference_dequantize(s.y_elems / s.co, s.co, sums.data(), rescaling, activation, expected.data());
  c.run(
      name,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<float>& y) {
        const auto packed = pack(kernels, pool);
        c.expect(packed && packed->run(pool, s.n, x.data(), rescaling, activation, y.data()) == Status::kOk, "status");
      },
      [&](const Array<float>& y) {
        for (size_t i = 0; i < y.size(); ++i)
          c.expect(y[i] == expected[i] || (std::isnan(y[i]) && std::isnan(expected[i])), "floats differ");
      },
      Array<float>(s.y_elems));
}
