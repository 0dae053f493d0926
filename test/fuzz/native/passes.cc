// The operations of nn/ and image/: pooling, batch norm, passes over tensors, the loss, a step of the optimizer, training images.
#include <limits>

#include "conv2d/conv2d.h"
#include "fuzz_case.h"
#include "image/crop_mirror_normalize.h"
#include "nn/batch_norm.h"
#include "nn/bias_grad.h"
#include "nn/cross_entropy.h"
#include "nn/elementwise.h"
#include "nn/pool.h"
#include "nn/pool_grad.h"
#include "nn/quantize.h"
#include "nn/sgd.h"
#include "nn/sign.h"
#include "nn/symmetric_pad.h"
#include "reference/reference.h"

namespace {
using Floats = Array<float>;
using Doubles = Array<double>;

constexpr double kRounding = 0x1p-23;

// Bits alike, but for the sign of a NaN and of 0.
bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// One output, each element of which is expected(i), or rounded a few times.
template <class Run, class Expected>
void fuzz_exact(Case& c, const char* name, size_t count, const Run& run, const Expected& expected) {
  c.run(
      name, [&](const KernelTable& kernels, ThreadPool& pool, Floats& y) { run(kernels, pool, y.data()); },
      [&](const Floats& y) {
        for (size_t i = 0; i < count; ++i) c.expect(same(y[i], expected(i)), "differs from its definition");
      },
      Floats(count));
}
template <class Q>
void fuzz_quantize(Case& c, const char* name, const Floats& x, size_t n, float scale) {
  const Quantization<Q> to = {scale, static_cast<Q>(c.bytes.word(2)), c.quantized_range<Q>()};
  bool finite = true;
  for (size_t i = 0; i < n; ++i) finite = finite && std::isfinite(x[i]);
  Array<Q> expected(n);
  if (finite) reference_quantize(n, x.data(), to, expected.data());
  c.run(
      name,
      [&](const KernelTable& kernels, ThreadPool& pool, Array<Q>& y) {
        c.expect(quantize(kernels, pool, n, x.data(), to, y.data()) == finite, "whether x is finite");
        if (!finite) std::fill_n(y.data(), n, Q{0});
      },
      [&](const Array<Q>& y) { c.expect(std::equal(y.data(), y.data() + n, expected.data()), "differs from its definition"); },
      Array<Q>(n));
}
template <class Run>
void fuzz_close(Case& c, const char* name, const Doubles& expected, const Doubles& magnitude, double part, const Run& run) {
  c.run(
      name, [&](const KernelTable& kernels, ThreadPool& pool, Floats& y) { run(kernels, pool, y.data()); },
      [&](const Floats& y) { c.expect_close(y.data(), expected.data(), magnitude.data(), y.size(), part); }, Floats(expected.size()));
}

// tap(output pixel, element of x) for each window's taps in the image, row by row.
template <class Tap>
void each_tap(const Conv2dShape& s, const Tap& tap) {
  for (size_t pixel = 0; pixel < s.n * s.ho * s.wo; ++pixel)
    for (size_t t = 0; t < s.kh * s.kw; ++t) {
      const size_t n = pixel / s.wo / s.ho, row = pixel / s.wo % s.ho * s.sh + t / s.kw - s.pad_top,
                   column = pixel % s.wo * s.sw + t % s.kw - s.pad_left;
      if (row < s.h && column < s.w) tap(pixel, ((n * s.h + row) * s.w + column) * s.ci);
    }
}

struct Rows {
  explicit Rows(Case& c) : rows(c.bytes.integer(1, c.bytes.flag() ? 700 : 20)), channels(c.bytes.integer(1, c.bytes.flag() ? 300 : 20)) {
    while (rows * channels > 20000) (rows > channels ? rows : channels) /= 2;
  }
  size_t rows, channels;
  size_t elems() const { return rows * channels; }
};
template <class Q>
void fuzz_quantized_max_pool(Case& c, const char* name, const Conv2dShape& s) {
  const Array<Q> x = c.integers<Q>(s.x_elems);
  Array<Q> largest = map(Array<Q>(s.y_elems), [](Q) { return std::numeric_limits<Q>::min(); });
  each_tap(s, [&](size_t pixel, size_t at) {
    for (size_t ch = 0; ch < s.ci; ++ch) largest[pixel * s.ci + ch] = std::max(largest[pixel * s.ci + ch], x[at + ch]);
  });
  c.run(
      name,
      [&](const KernelTable&, ThreadPool& pool, Array<Q>& y) {
        c.expect(max_pool2d(pool, s, x.data(), y.data()) == Status::kOk, "it has no memory");
      },
      [&](const Array<Q>& y) { c.expect(std::equal(y.data(), y.data() + s.y_elems, largest.data()), "differs from its definition"); },
      Array<Q>(s.y_elems));
}
}  // namespace

void fuzz_pool(Case& c) {
  const size_t kind = c.bytes.integer(0, 3);
  const Conv2dShape s = c.shape(true);
  const double taps = static_cast<double>(s.kh * s.kw);
  const Floats x = c.floats(s.x_elems, kind == 0);
  const Floats gy = c.floats(s.y_elems);
  Doubles expected(kind < 2 ? s.y_elems : s.x_elems), magnitude(expected.size());
  if (kind == 0) {
    Floats largest = map(Floats(s.y_elems), [](float) { return -std::numeric_limits<float>::infinity(); });
    each_tap(s, [&](size_t pixel, size_t at) {
      for (size_t ch = 0; ch < s.ci; ++ch) {
        float& y = largest[pixel * s.ci + ch];
        const float v = x[at + ch];
        if (v > y || std::isnan(v)) y = v;
      }
    });
    fuzz_quantized_max_pool<uint8_t>(c, "max_pool2d of uint8", s);
    fuzz_quantized_max_pool<int16_t>(c, "max_pool2d of int16", s);
    return fuzz_exact(
        c, "max_pool2d", s.y_elems, [&](const KernelTable&, ThreadPool& pool, float* y) { max_pool2d(pool, s, x.data(), y); },
        [&](size_t i) { return largest[i]; });
  }
  if (kind == 1) {
    each_tap(s, [&](size_t pixel, size_t at) {
      for (size_t ch = 0; ch < s.ci; ++ch) {
        expected[pixel * s.ci + ch] += x[at + ch] / taps;
        magnitude[pixel * s.ci + ch] += std::fabs(x[at + ch]) / taps;
      }
    });
    return fuzz_close(c, "average_pool2d", expected, magnitude, 4e-6,
                      [&](const KernelTable&, ThreadPool& pool, float* y) { average_pool2d(pool, s, x.data(), y); });
  }
  if (kind == 2) {
    each_tap(s, [&](size_t pixel, size_t at) {
      for (size_t ch = 0; ch < s.ci; ++ch) {
        expected[at + ch] += gy[pixel * s.ci + ch] / taps;
        magnitude[at + ch] += std::fabs(gy[pixel * s.ci + ch]) / taps;
      }
    });
    return fuzz_close(c, "average_pool2d_grad", expected, magnitude, 4e-6,
                      [&](const KernelTable&, ThreadPool& pool, float* gx) { average_pool2d_grad(pool, s, gy.data(), gx); });
  }
  Array<size_t> winners = map(Array<size_t>(s.y_elems), [](size_t) { return SIZE_MAX; });
  each_tap(s, [&](size_t pixel, size_t at) {
    for (size_t ch = 0; ch < s.ci; ++ch) {
      size_t& winner = winners[pixel * s.ci + ch];
      if (winner == SIZE_MAX || x[at + ch] > x[winner]) winner = at + ch;
    }
  });
  for (size_t i = 0; i < s.y_elems; ++i)
    if (winners[i] != SIZE_MAX) {
      expected[winners[i]] += gy[i];
      magnitude[winners[i]] += std::fabs(gy[i]);
    }
  fuzz_close(c, "max_pool2d_grad", expected, magnitude, 4e-6, [&](const KernelTable& kernels, ThreadPool& pool, float* gx) {
    c.expect(max_pool2d_grad(kernels, pool, s, gy.data(), x.data(), gx) == Status::kOk, "status");
  });
}

void fuzz_batch_norm(Case& c) {
  const bool gradient = c.bytes.flag(), relu = c.bytes.flag(), has_residual = c.bytes.flag();
  const Rows r(c);
  const size_t channels = r.channels;
  const double rows = static_cast<double>(r.rows), epsilon = 1e-5;
  const Floats x = c.floats(r.elems()), gy = c.floats(r.elems()), residual = c.floats(r.elems()), gamma = c.floats(channels),
               beta = c.floats(channels);
  Doubles mean(channels), variance(channels), inv_std(channels), largest(channels);
  for (size_t i = 0; i < r.elems(); ++i) {
    mean[i % channels] += x[i] / rows;
    largest[i % channels] = std::max<double>(largest[i % channels], std::fabs(x[i]));
  }
  for (size_t i = 0; i < r.elems(); ++i) {
    const double distance = x[i] - mean[i % channels];
    variance[i % channels] += distance * distance / rows;
  }
  for (size_t ch = 0; ch < channels; ++ch) inv_std[ch] = 1 / std::sqrt(variance[ch] + epsilon);
  const auto at_rest = [&](size_t i) { return (x[i] - mean[i % channels]) * inv_std[i % channels]; };
  // Rounded numbers of the size of x are subtracted, and divided by the deviation.
  const auto lost = [&](size_t ch) { return kRounding * largest[ch] * inv_std[ch]; };

  if (!gradient) {
    Doubles expected(r.elems()), magnitude(r.elems());
    for (size_t i = 0; i < r.elems(); ++i) {
      const size_t ch = i % channels;
      const double sum = at_rest(i) * gamma[ch] + beta[ch] + (has_residual ? residual[i] : 0.0f);
      expected[i] = relu && sum < 0 ? 0 : sum;
      magnitude[i] = (1 + std::fabs(at_rest(i)) + lost(ch) * 1e5) * std::fabs(gamma[ch]) + std::fabs(beta[ch]) + std::fabs(residual[i]);
    }
    const Floats before = c.floats(channels);
    const double momentum = 0.25;
    c.run(
        "batch_norm_train",
        [&](const KernelTable& kernels, ThreadPool& pool, Floats& y, Floats& running) {
          Floats new_mean(channels), new_inv_std(channels), running_variance(channels);
          std::copy_n(before.data(), channels, running.data());
          const BatchNormTrainArgs args = {r.rows,
                                           channels,
                                           x.data(),
                                           gamma.data(),
                                           beta.data(),
                                           has_residual ? residual.data() : nullptr,
                                           relu,
                                           momentum,
                                           epsilon,
                                           running.data(),
                                           running_variance.data(),
                                           y.data(),
                                           new_mean.data(),
                                           new_inv_std.data()};
          c.expect(batch_norm_train(kernels, pool, args) == Status::kOk, "status");
        },
        [&](const Floats& y, const Floats& running) {
          c.expect_close(y.data(), expected.data(), magnitude.data(), y.size(), 1e-5);
          for (size_t ch = 0; ch < channels; ++ch)
            c.expect(std::fabs(running[ch] - (before[ch] + momentum * (mean[ch] - before[ch]))) <=
                         2 * kRounding * (std::fabs(before[ch]) + largest[ch]),
                     "the running mean");
        },
        Floats(r.elems()), Floats(channels));
    return;
  }

  // Of any mean and deviation, which are operands here.
  const Floats mu = c.floats(channels), inverse = magnitudes(c.floats(channels)), y = c.floats(r.elems());
  const bool to_residual = relu && has_residual;
  const auto g = [&](size_t i) { return relu && !(y[i] > 0) ? 0.0f : gy[i]; };
  const auto x_hat = [&](size_t i) { return (static_cast<double>(x[i]) - mu[i % channels]) * inverse[i % channels]; };
  const auto x_magnitude = [&](size_t i) { return (std::fabs(x[i]) + std::fabs(mu[i % channels])) * inverse[i % channels]; };
  Doubles sums(2 * channels), magnitude(2 * channels);  // gbeta, ggamma
  for (size_t i = 0; i < r.elems(); ++i) {
    sums[i % channels] += g(i);
    magnitude[i % channels] += std::fabs(g(i));
    sums[channels + i % channels] += g(i) * x_hat(i);
    magnitude[channels + i % channels] += std::fabs(g(i)) * x_magnitude(i);
  }
  Doubles gx(r.elems()), gx_magnitude(r.elems());
  for (size_t i = 0; i < r.elems(); ++i) {
    const size_t ch = i % channels;
    const double factor = static_cast<double>(gamma[ch]) * inverse[ch];
    gx[i] = factor * (g(i) - sums[ch] / rows - x_hat(i) * sums[channels + ch] / rows);
    gx_magnitude[i] = std::fabs(factor) * (std::fabs(g(i)) + magnitude[ch] / rows + x_magnitude(i) * magnitude[channels + ch] / rows);
  }
  c.run(
      "batch_norm_grad",
      [&](const KernelTable& kernels, ThreadPool& pool, Floats& out, Floats& parameters) {
        Floats gresidual(to_residual ? r.elems() : 0);
        const BatchNormGradArgs args = {r.rows,
                                        channels,
                                        gy.data(),
                                        x.data(),
                                        relu ? y.data() : nullptr,
                                        gamma.data(),
                                        mu.data(),
                                        inverse.data(),
                                        out.data(),
                                        parameters.data() + channels,
                                        parameters.data(),
                                        to_residual ? gresidual.data() : nullptr};
        c.expect(batch_norm_grad(kernels, pool, args) == Status::kOk, "status");
        for (size_t i = 0; i < gresidual.size(); ++i) c.expect(gresidual[i] == g(i), "the gradient of the residual");
      },
      [&](const Floats& out, const Floats& parameters) {
        c.expect_close(parameters.data(), sums.data(), magnitude.data(), 2 * channels, 1e-5);
        c.expect_close(out.data(), gx.data(), gx_magnitude.data(), out.size(), 1e-5);
      },
      Floats(r.elems()), Floats(2 * channels));
}

void fuzz_elementwise(Case& c) {
  const size_t kind = c.bytes.integer(0, 11);
  const Rows r(c);
  const size_t n = r.elems(), channels = r.channels;
  const Floats x = c.floats(n, true), other = c.floats(n, true);
  if (kind == 0)
    return fuzz_exact(
        c, "add", n, [&](const KernelTable& kernels, ThreadPool& pool, float* y) { add(kernels, pool, n, x.data(), other.data(), y); },
        [&](size_t i) { return x[i] + other[i]; });
  if (kind == 1) {
    constexpr Activation kActivations[] = {kRelu, kRelu6, {-1.5f, 0.25f}, {-INFINITY, 0.5f}, kNoActivation};
    const Activation a = c.bytes.one_of(kActivations);
    return fuzz_exact(
        c, "activate", n, [&](const KernelTable& kernels, ThreadPool& pool, float* y) { activate(kernels, pool, n, x.data(), a, y); },
        [&](size_t i) { return x[i] < a.min   ? a.min
                               : x[i] > a.max ? a.max
                                              : x[i]; });
  }
  if (kind == 2)
    return fuzz_exact(
        c, "relu_grad", n,
        [&](const KernelTable& kernels, ThreadPool& pool, float* y) { relu_grad(kernels, pool, n, x.data(), other.data(), y); },
        [&](size_t i) { return other[i] > 0 ? x[i] : 0.0f; });
  if (kind == 3)
    return fuzz_exact(
        c, "sign_grad", n, [&](const KernelTable&, ThreadPool& pool, float* y) { sign_grad(pool, n, x.data(), other.data(), y); },
        [&](size_t i) { return x[i] * std::max(0.0f, 2 - 2 * std::fabs(other[i])); });
  if (kind == 11) {
    const bool is_gradient = c.bytes.flag();
    const double count = static_cast<double>(channels);
    Doubles expected(n), magnitude(n);
    for (size_t row = 0; row < n; row += channels) {
      double alpha = 0, shared = 0, sizes = 0;
      for (size_t i = row; i < row + channels; ++i) {
        alpha += std::fabs(x[i]) / count;
        shared += other[i] * (x[i] < 0 ? -1 : 1) / count;
        sizes += std::fabs(other[i]) / count;
      }
      for (size_t i = row; i < row + channels; ++i) {
        const double own = std::fabs(x[i]) <= 1 ? alpha * other[i] : 0, sign = x[i] < 0 ? -1 : 1;
        expected[i] = is_gradient ? own + sign * shared : alpha * sign;
        magnitude[i] = is_gradient ? std::fabs(own) + sizes : alpha;
      }
    }
    return fuzz_close(c, "binarize", expected, magnitude, 1e-6, [&](const KernelTable&, ThreadPool& pool, float* y) {
      if (is_gradient) binarize_grad(pool, r.rows, channels, other.data(), x.data(), y);
      else binarize(pool, r.rows, channels, x.data(), y);
    });
  }
  if (kind == 4) {
    const SignShape s = {
        1, r.rows, 1, channels, c.bytes.integer(0, 3), c.bytes.integer(0, 3), c.bytes.integer(0, 3), c.bytes.integer(0, 3)};
    const size_t width = s.pad_left + s.w + s.pad_right, height = s.pad_top + s.h + s.pad_bottom;
    return fuzz_exact(
        c, "sign", height * width * channels, [&](const KernelTable&, ThreadPool& pool, float* y) { sign(pool, s, x.data(), y); },
        [&](size_t i) {
          const size_t row = i / channels / width - s.pad_top, column = i / channels % width - s.pad_left;
          return row < s.h && column < s.w && x[(row * s.w + column) * channels + i % channels] < 0 ? -1.0f : 1.0f;
        });
  }
  if (kind == 5) {
    const float scales[] = {1, 0.03f, 1e-30f, 1e30f, 0x1p-149f};
    const float scale = c.bytes.one_of(scales);
    if (c.bytes.flag()) return fuzz_quantize<int16_t>(c, "quantize to int16", x, n, scale);
    return fuzz_quantize<uint8_t>(c, "quantize", x, n, scale);
  }
  if (kind == 10) {
    const SymmetricPadSize s = {c.bytes.integer(1, 3), r.rows, c.bytes.integer(1, 4), channels};
    const size_t rows = s.h + 1, columns = s.w + 1;
    const Floats image = c.floats(s.x_elems(), true);
    const float value = x[0];
    return fuzz_exact(
        c, "symmetric_pad", s.y_elems(),
        [&](const KernelTable&, ThreadPool& pool, float* y) {
          symmetric_pad(pool, s, image.data(), value, y);
          Floats back(s.x_elems());
          symmetric_pad_grad(pool, s, y, back.data());
          for (size_t i = 0; i < back.size(); ++i) c.expect(same(back[i], image[i]), "its gradient");
        },
        [&](size_t i) {
          const size_t channel = i % channels;
          size_t quarter = 3;
          while (channel < quarter * channels / 4) --quarter;
          const size_t n = i / channels / columns / rows;
          const size_t row = i / channels / columns % rows - (quarter < 2), column = i / channels % columns - (quarter % 2 == 0);
          return row < s.h && column < s.w ? image[((n * s.h + row) * s.w + column) * channels + channel] : value;
        });
  }
  const Floats mean = c.floats(channels), factor = c.floats(channels), shift = c.floats(channels);
  Doubles expected(n), magnitude(n);
  if (kind == 6) {
    const bool has_residual = c.bytes.flag(), relu = c.bytes.flag();
    for (size_t i = 0; i < n; ++i) {
      const size_t ch = i % channels;
      const double v = (static_cast<double>(x[i]) - mean[ch]) * factor[ch] + shift[ch] + (has_residual ? other[i] : 0.0f);
      expected[i] = relu && v < 0 ? 0 : v;
      magnitude[i] = (std::fabs(x[i]) + std::fabs(mean[ch])) * std::fabs(factor[ch]) + std::fabs(shift[ch]) + std::fabs(other[i]);
    }
    return fuzz_close(c, "normalize", expected, magnitude, 1e-6, [&](const KernelTable& kernels, ThreadPool& pool, float* y) {
      normalize(kernels, pool,
                {r.rows, channels, x.data(), has_residual ? other.data() : nullptr, relu ? kRelu : kNoActivation, mean.data(),
                 factor.data(), shift.data(), y});
    });
  }
  if (kind == 7) {
    const Floats variance = magnitudes(factor);
    for (size_t i = 0; i < n; ++i) {
      const size_t ch = i % channels;
      const double a = shift[ch] / std::sqrt(variance[ch] + 1e-5);
      expected[i] = (static_cast<double>(x[i]) - mean[ch]) * a + shift[ch];
      magnitude[i] = (std::fabs(x[i]) + std::fabs(mean[ch])) * std::fabs(a) + std::fabs(shift[ch]);
    }
    return fuzz_close(c, "batch_norm", expected, magnitude, 1e-6, [&](const KernelTable& kernels, ThreadPool& pool, float* y) {
      Floats scale(channels);
      batch_norm(kernels, pool, r.rows, channels, x.data(), mean.data(), variance.data(), shift.data(), shift.data(), 1e-5, scale.data(),
                 y);
    });
  }
  if (kind == 9) {
    const bool has_residual = c.bytes.flag(), relu = c.bytes.flag(), has_bias = c.bytes.flag(), has_scale = c.bytes.flag();
    const float part = c.bytes.flag() ? 1.0f : 0.25f;
    for (size_t row = 0; row < n; row += channels) {
      double row_sum = 0, largest = 0;
      for (size_t ch = 0; ch < channels; ++ch) {
        row_sum += x[row + ch];
        largest = std::max(largest, std::fabs(static_cast<double>(x[row + ch])));
      }
      for (size_t ch = 0; ch < channels; ++ch) {
        const double scale = has_scale ? factor[ch] : 1.0f, bias = has_bias ? mean[ch] : 0.0f, offset = has_scale ? shift[ch] : 0.0f;
        const size_t i = row + ch;
        const double v = (x[i] - part * row_sum / static_cast<double>(channels) + bias) * scale + offset + (has_residual ? other[i] : 0.0f);
        expected[i] = relu && v < 0 ? 0 : v;
        magnitude[i] =
            (static_cast<double>(channels) * largest + std::fabs(bias)) * std::fabs(scale) + std::fabs(offset) + std::fabs(other[i]);
      }
    }
    return fuzz_close(c, "center", expected, magnitude, 1e-6, [&](const KernelTable& kernels, ThreadPool& pool, float* y) {
      center(kernels, pool,
             {r.rows, channels, x.data(), has_residual ? other.data() : nullptr, relu ? kRelu : kNoActivation,
              has_bias ? mean.data() : nullptr, has_scale ? factor.data() : nullptr, has_scale ? shift.data() : nullptr, y, part});
    });
  }
  Doubles sums(channels), sum_magnitudes(channels);
  for (size_t i = 0; i < n; ++i) {
    sums[i % channels] += x[i];
    sum_magnitudes[i % channels] += std::fabs(x[i]);
  }
  // Half of a last digit of the result, and what double loses.
  c.run(
      "bias_grad",
      [&](const KernelTable&, ThreadPool& pool, Floats& y) {
        c.expect(bias_grad(pool, r.rows, channels, x.data(), y.data()) == Status::kOk, "status");
      },
      [&](const Floats& y) {
        for (size_t ch = 0; ch < channels; ++ch)
          c.expect(!(sum_magnitudes[ch] < 3e38) ||
                       std::fabs(y[ch] - sums[ch]) <= 0x1p-24 * std::fabs(sums[ch]) + 1e-13 * sum_magnitudes[ch] + 0x1p-149,
                   "differs from the sum in double");
      },
      Floats(channels));
}

void fuzz_training(Case& c) {
  if (c.bytes.flag()) {
    const size_t n = c.bytes.integer(1, 50), classes = c.bytes.integer(1, c.bytes.flag() ? 1000 : 20);
    const Floats logits = c.floats(n * classes);
    const Array<int32_t> targets =
        map(c.integers<int32_t>(n), [&](int32_t v) { return static_cast<int32_t>(static_cast<uint32_t>(v) % classes); });
    const double smoothing = c.bytes.flag() ? 0.1 : 0;
    Doubles expected(n * classes), magnitude(n * classes);
    double loss = 0;
    for (size_t i = 0; i < n; ++i) {
      const float* const z = logits.data() + i * classes;
      const double max = *std::max_element(z, z + classes);
      double sum = 0;
      for (size_t k = 0; k < classes; ++k) sum += std::exp(z[k] - max);
      for (size_t k = 0; k < classes; ++k) {
        const double p = std::exp(z[k] - max) / sum;
        const double q = smoothing / static_cast<double>(classes) + (k == static_cast<size_t>(targets[i]) ? 1 - smoothing : 0);
        expected[i * classes + k] = (p - q) / static_cast<double>(n);
        magnitude[i * classes + k] = (p + q + 1e-9) / static_cast<double>(n);  // expm1 knows a probability to 1e-16
        loss -= q * (z[k] - max - std::log(sum)) / static_cast<double>(n);
      }
    }
    return fuzz_close(c, "softmax_cross_entropy", expected, magnitude, 1e-6, [&](const KernelTable&, ThreadPool& pool, float* gradient) {
      CrossEntropy result = {};
      c.expect(softmax_cross_entropy(pool, n, classes, logits.data(), targets.data(), smoothing, gradient, &result) == Status::kOk,
               "status");
      c.expect(std::fabs(result.loss - loss) <= 1e-9 * (1 + std::fabs(loss)) && result.correct <= n, "the loss");
    });
  }
  const size_t n = c.bytes.integer(1, c.bytes.flag() ? 70000 : 100);
  const bool has_velocity = c.bytes.flag(), nesterov = has_velocity && c.bytes.flag(), adaptive = c.bytes.flag();
  const double limit = c.bytes.flag() ? 0.5 : std::numeric_limits<double>::infinity();
  const Floats value = c.floats(n), gradient = c.floats(n), velocity = c.floats(n);
  double rate = 0.1, squares = 0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(gradient[i]) * gradient[i];
  if (adaptive) rate *= std::sqrt(static_cast<double>(n)) / std::max(std::sqrt(squares), 1e-12);
  Doubles expected(n), magnitude(n);
  for (size_t i = 0; i < n; ++i) {
    const double d = rate * gradient[i] + 0.01 * value[i], v = 0.9 * velocity[i] + d;
    expected[i] = std::clamp(value[i] - 0.05 * (!has_velocity ? d : nesterov ? d + 0.9 * v : v), -limit, limit);
    magnitude[i] = 2 * (std::fabs(value[i]) + std::fabs(rate * gradient[i]) + std::fabs(velocity[i]));
  }
  fuzz_close(c, "sgd_step", expected, magnitude, 1e-6, [&](const KernelTable&, ThreadPool& pool, float* y) {
    Floats moving(n);
    std::copy_n(value.data(), n, y);
    std::copy_n(velocity.data(), n, moving.data());
    const SgdStepArgs args = {n,        y,    gradient.data(), has_velocity ? moving.data() : nullptr, 0.05, 0.9, 0.01, nesterov, 0.1,
                              adaptive, limit};
    c.expect(sgd_step(pool, args) == Status::kOk, "status");
  });
}

void fuzz_image(Case& c) {
  const size_t n = c.bytes.integer(1, 4), h = c.bytes.integer(1, 20), w = c.bytes.integer(1, 20), channels = c.bytes.integer(1, 5);
  const auto x = c.integers<uint8_t>(n * h * w * channels);
  const Floats tables = c.floats(channels * 256);
  Array<Window> windows(n);
  for (size_t i = 0; i < n; ++i) {
    const bool near = c.bytes.flag();
    const auto offset = [&] { return near ? static_cast<int32_t>(c.bytes.integer(0, 50)) - 25 : static_cast<int32_t>(c.bytes.word()); };
    windows[i] = {offset(), offset(), static_cast<int32_t>(c.bytes.word(1) & 1)};
  }
  fuzz_exact(
      c, "crop_mirror_normalize", x.size(),
      [&](const KernelTable&, ThreadPool&, float* y) {
        crop_mirror_normalize({n, h, w, channels, x.data(), windows.data(), tables.data(), y});
      },
      [&](size_t i) {
        const size_t ch = i % channels, column = i / channels % w, image = i / channels / w / h;
        const Window& window = windows[image];
        const int64_t from_row = static_cast<int64_t>(i / channels / w % h) + window.dy,
                      from_column = static_cast<int64_t>(window.mirror ? w - 1 - column : column) + window.dx;
        const bool inside =
            from_row >= 0 && from_row < static_cast<int64_t>(h) && from_column >= 0 && from_column < static_cast<int64_t>(w);
        const size_t at = inside ? ((image * h + static_cast<size_t>(from_row)) * w + static_cast<size_t>(from_column)) * channels + ch : 0;
        return tables[ch * 256 + (inside ? x[at] : 0)];
      });
}
