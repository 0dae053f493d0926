// Convolutions of floats and signs, plain and with an epilogue; of integers, as sums, bytes and floats; and the gradients.
#include "conv2d/conv2d.h"

#include "conv2d/grad.h"
#include "conv2d/integer.h"
#include "conv2d/xnor.h"
#include "fuzz_case.h"
#include "integer_checks.h"
#include "reference/reference.h"

namespace {
struct Forward {
  const char *name, *name_with_epilogue;
  Status (*run)(const KernelTable&, ThreadPool&, const Conv2dShape&, const float* x, const float* w, const float* bias, float* y);
  std::unique_ptr<PackedConv2d> (*pack)(const KernelTable&, ThreadPool&, const Conv2dShape&, const float* w, const Epilogue&);
  void (*define)(const Conv2dShape&, const float* x, const float* w, const float* bias, double* y);
};
constexpr Forward kForward[] = {
    {"adder_conv2d", "adder_conv2d with epilogue", adder_conv2d, pack_adder_conv2d, reference_adder_conv2d},
    {"conv2d", "conv2d with epilogue", conv2d, pack_conv2d, reference_conv2d},
    {"xnor_conv2d", "xnor_conv2d with epilogue", xnor_conv2d, pack_xnor_conv2d, reference_xnor_conv2d},
};

// What is added up in each sum: of the L1 distance x and w, since its maximum form cancels them.
Doubles forward_magnitudes(const Forward& f, const Conv2dShape& s, const Array<float>& x, const Array<float>& w) {
  Doubles sums(s.y_elems);
  const Array<float> abs_x = magnitudes(x), abs_w = magnitudes(w);
  if (f.define == reference_conv2d) reference_conv2d(s, abs_x.data(), abs_w.data(), nullptr, sums.data());
  else if (f.define == reference_xnor_conv2d) reference_xnor_conv2d(s, abs_x.data(), abs_w.data(), nullptr, sums.data());
  else reference_adder_conv2d(s, abs_x.data(), map(abs_w, [](float v) { return -v; }).data(), nullptr, sums.data());
  return map(sums, [](double v) { return std::fabs(v); });
}

void fuzz_epilogue(Case& c, const Forward& f, const Conv2dShape& s) {
  const auto x = c.floats(s.x_elems), w = c.floats(s.w_elems), bias = c.floats(s.co), scale = c.floats(s.co), shift = c.floats(s.co),
             residual = c.floats(s.y_elems);
  const bool has_bias = c.bytes.flag(), has_scale = c.bytes.flag(), has_residual = c.bytes.flag();
  const Activation activation = random_activation(c);
  Doubles expected(s.y_elems), magnitude = forward_magnitudes(f, s, x, w);
  f.define(s, x.data(), w.data(), nullptr, expected.data());
  for (size_t i = 0; i < s.y_elems; ++i) {
    const size_t co = i % s.co;
    const double b = has_bias ? bias[co] : 0, a = has_scale ? scale[co] : 1, t = has_scale ? shift[co] : 0,
                 r = has_residual ? residual[i] : 0;
    expected[i] = std::clamp<double>((expected[i] + b) * a + t + r, activation.min, activation.max);
    magnitude[i] = (magnitude[i] + std::fabs(b)) * std::fabs(a) + std::fabs(t) + std::fabs(r);
  }
  // What is packed for one image runs for any number of them.
  const Conv2dShape packed_shape = c.bytes.flag() ? s : with_images(s, 1);
  c.run(
      f.name_with_epilogue,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<float>& y) {
        const Epilogue epilogue = {has_bias ? bias.data() : nullptr, has_scale ? scale.data() : nullptr, has_scale ? shift.data() : nullptr,
                                   activation};
        const auto packed = f.pack(kernels, pool, packed_shape, w.data(), epilogue);
        c.expect(packed && packed->run({pool, s.n, x.data(), has_residual ? residual.data() : nullptr, y.data()}) == Status::kOk, "status");
      },
      [&](const Array<float>& y) { c.expect_close(y.data(), expected.data(), magnitude.data(), y.size(), 4e-6); }, Array<float>(s.y_elems));
}

template <class T>
void fuzz_adder_sums(Case& c, const char* name, const Conv2dShape& s) {
  const auto x = c.integers<T>(s.x_elems), w = c.integers<T>(s.w_elems);
  const T pad_value = static_cast<T>(c.random());
  Doubles expected(s.y_elems);
  reference_adder_conv2d(s, x.data(), w.data(), pad_value, expected.data());
  fuzz_sums(c, name, s, expected, [&](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, int32_t* y) {
    return adder_conv2d(kernels, pool, s, x.data(), w.data(), pad_value, y);
  });
}

void fuzz_quantized_shorts(Case& c, const Conv2dShape& s) {
  const auto x = c.integers<int16_t>(s.x_elems), w = c.integers<int16_t>(s.w_elems);
  const auto pad_value = static_cast<int16_t>(c.random());
  Doubles sums(s.y_elems);
  reference_adder_conv2d(s, x.data(), w.data(), pad_value, sums.data());
  fuzz_rescaled(c, "quantized adder_conv2d of int16", s, x, sums,
                [&](const KernelTable& kernels, ThreadPool& pool) { return pack_adder_conv2d(kernels, pool, s, w.data(), pad_value); });
}

// `elems` outputs; |error| <= part * magnitude
template <class Run>
void check_gradient(Case& c, const char* name, const Doubles& expected, const Doubles& magnitude, double part, const Run& run) {
  c.run(
      name,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<float>& y) {
        c.expect(run(kernels, pool, y.data()) == Status::kOk, "status");
      },
      [&](const Array<float>& y) { c.expect_close(y.data(), expected.data(), magnitude.data(), y.size(), part); },
      Array<float>(expected.size()));
}
}  // namespace

void fuzz_forward(Case& c) {
  const Forward& f = c.bytes.one_of(kForward);
  const bool with_epilogue = c.bytes.flag();
  const Conv2dShape s = c.shape();
  if (with_epilogue) return fuzz_epilogue(c, f, s);
  const bool has_bias = c.bytes.flag();
  const auto x = c.floats(s.x_elems, true), w = c.floats(s.w_elems, true), bias = c.floats(s.co);
  Doubles expected(s.y_elems), magnitude = forward_magnitudes(f, s, x, w);
  f.define(s, x.data(), w.data(), has_bias ? bias.data() : nullptr, expected.data());
  for (size_t i = 0; has_bias && i < s.y_elems; ++i) magnitude[i] += std::fabs(bias[i % s.co]);
  c.run(
      f.name,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<float>& y) {
        c.expect(f.run(kernels, pool, s, x.data(), w.data(), has_bias ? bias.data() : nullptr, y.data()) == Status::kOk, "status");
      },
      [&](const Array<float>& y) { c.expect_close(y.data(), expected.data(), magnitude.data(), y.size(), 4e-6); }, Array<float>(s.y_elems));
}

void fuzz_integer(Case& c) {
  const size_t kind = c.bytes.integer(0, 6);
  const Conv2dShape s = c.shape();
  if (kind == 6) return fuzz_quantized_shorts(c, s);
  if (kind == 0) return fuzz_adder_sums<uint8_t>(c, "adder_conv2d of uint8", s);
  if (kind == 1) return fuzz_adder_sums<int8_t>(c, "adder_conv2d of int8", s);
  if (kind == 2) return fuzz_adder_sums<int16_t>(c, "adder_conv2d of int16", s);
  const auto x = c.integers<uint8_t>(s.x_elems);
  const auto pad_value = static_cast<uint8_t>(c.random());
  Doubles sums(s.y_elems);
  if (kind == 3) {
    const auto w = c.integers<uint8_t>(s.w_elems);
    reference_adder_conv2d(s, x.data(), w.data(), pad_value, sums.data());
    return fuzz_rescaled(c, "quantized adder_conv2d", s, x, sums, [&](const KernelTable& kernels, ThreadPool& pool) {
      return pack_adder_conv2d(kernels, pool, s, w.data(), pad_value);
    });
  }
  const bool seven_bits = c.bytes.flag();
  const auto w = map(c.integers<int8_t>(s.w_elems), [&](int8_t v) { return static_cast<int8_t>(seven_bits ? v >> 1 : v); });
  reference_int8_conv2d(s, x.data(), w.data(), pad_value, sums.data());
  if (kind == 4)
    return fuzz_rescaled(c, "quantized int8_conv2d", s, x, sums, [&](const KernelTable& kernels, ThreadPool& pool) {
      return pack_int8_conv2d(kernels, pool, s, w.data(), pad_value, seven_bits);
    });
  fuzz_sums(c, seven_bits ? "int8_conv2d of 7 bits" : "int8_conv2d", s, sums,
            [&](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, int32_t* y) {
              return int8_conv2d(kernels, pool, s, x.data(), w.data(), pad_value, seven_bits, y);
            });
}

void fuzz_gradient(Case& c) {
  const size_t kind = c.bytes.integer(0, 3);
  const bool sign = c.bytes.flag();
  const Conv2dShape s = c.shape();
  const auto x = c.floats(s.x_elems, true), w = c.floats(s.w_elems), gy = c.floats(s.y_elems);
  const auto abs_x = magnitudes(x), abs_w = magnitudes(w), abs_gy = magnitudes(gy);
  Array<float> ones(s.w_elems), zeros(s.x_elems);
  for (size_t i = 0; i < s.w_elems; ++i) ones[i] = 1;
  const bool to_filter = kind % 2;
  Doubles expected(to_filter ? s.w_elems : s.x_elems), magnitude(expected.size());
  if (kind == 0) {
    const InputRule rule = sign ? InputRule::kSign : InputRule::kHardtanh;
    reference_adder_conv2d_grad_input(s, rule, gy.data(), x.data(), w.data(), expected.data());
    reference_conv2d_grad_input(s, abs_gy.data(), ones.data(), magnitude.data());
    for (size_t i = 0; i < s.x_elems; ++i)
      if (std::isnan(x[i])) magnitude[i] = NAN;  // of windows that reach beyond the outputs, too, whose gy is 0
    check_gradient(c, sign ? "adder_conv2d_grad_input, sign" : "adder_conv2d_grad_input", expected, magnitude, sign ? 4e-6 : 2e-5,
                   [&](const KernelTable& kernels, ThreadPool& pool, float* gx) {
                     return adder_conv2d_grad_input(kernels, pool, s, rule, gy.data(), x.data(), w.data(), gx);
                   });
  } else if (kind == 1) {
    const FilterRule rule = sign ? FilterRule::kSign : FilterRule::kFull;
    reference_adder_conv2d_grad_filter(s, rule, gy.data(), x.data(), w.data(), expected.data());
    // sum |gy|, as of x - w = 1 everywhere, or sum (|x| + |w|) |gy|
    const auto minus_w = map(sign ? ones : abs_w, [](float v) { return -v; });
    reference_adder_conv2d_grad_filter(s, FilterRule::kFull, abs_gy.data(), (sign ? zeros : abs_x).data(), minus_w.data(),
                                       magnitude.data());
    check_gradient(c, sign ? "adder_conv2d_grad_filter, sign" : "adder_conv2d_grad_filter", expected, magnitude, 4e-6,
                   [&](const KernelTable& kernels, ThreadPool& pool, float* gw) {
                     return adder_conv2d_grad_filter(kernels, pool, s, rule, gy.data(), x.data(), w.data(), gw);
                   });
  } else if (kind == 2) {
    reference_conv2d_grad_input(s, gy.data(), w.data(), expected.data());
    reference_conv2d_grad_input(s, abs_gy.data(), abs_w.data(), magnitude.data());
    check_gradient(c, "conv2d_grad_input", expected, magnitude, 4e-6, [&](const KernelTable& kernels, ThreadPool& pool, float* gx) {
      return conv2d_grad_input(kernels, pool, s, gy.data(), w.data(), gx);
    });
  } else {
    reference_conv2d_grad_filter(s, gy.data(), x.data(), expected.data());
    reference_conv2d_grad_filter(s, abs_gy.data(), abs_x.data(), magnitude.data());
    check_gradient(c, "conv2d_grad_filter", expected, magnitude, 4e-6, [&](const KernelTable& kernels, ThreadPool& pool, float* gw) {
      return conv2d_grad_filter(kernels, pool, s, gy.data(), x.data(), gw);
    });
  }
}

// Any 16 numbers: what make_conv2d_shape takes has the sizes that wider integers give.
void fuzz_shape(Case& c) {
  using Wide = __int128;
  int32_t g[kConv2dGeometryLength];
  for (int32_t& v : g) v = c.bytes.flag() ? static_cast<int32_t>(c.bytes.word()) : static_cast<int32_t>(c.bytes.word(1));
  Conv2dShape s = {};
  tally("make_conv2d_shape", "-");
  if (make_conv2d_shape(g, &s) != Status::kOk) return;
  const auto output = [](Wide size, Wide before, Wide after, Wide kernel, Wide stride, Wide dilation) {
    return (size + before + after - dilation * (kernel - 1) - 1) / stride + 1;
  };
  const Wide ho = output(g[1], g[9], g[11], g[5], g[7], g[13]), wo = output(g[2], g[10], g[12], g[6], g[8], g[14]);
  c.expect(ho > 0 && Wide{s.ho} == ho && Wide{s.wo} == wo, "the size of the output");
  c.expect(Wide{s.x_elems} == Wide{g[0]} * g[1] * g[2] * g[3], "the elements of x");
  c.expect(Wide{s.y_elems} == Wide{g[0]} * ho * wo * g[4], "the elements of y");
  c.expect(Wide{s.w_elems} == Wide{g[4]} * g[5] * g[6] * (g[3] / g[15]), "the elements of w");
}
