// One loop over all terms of a convolution; operations and gradients differ in what they do with a term.
#include "reference.h"

#include <cmath>

namespace {
constexpr size_t kOutside = SIZE_MAX;

// Calls f(y index, x index or kOutside, w index) for every output, every tap and every input channel of its group:
// y[n,ho,wo,co] sees x[n, ho*s + kh*d - p, wo*s + kw*d - p, ci] through w[co,kh,kw,ci].
template <class F>
void for_terms(const Conv2dShape& s, const F& f) {
  for (size_t n = 0; n < s.n; ++n)
    for (size_t ho = 0; ho < s.ho; ++ho)
      for (size_t wo = 0; wo < s.wo; ++wo)
        for (size_t co = 0; co < s.co; ++co) {
          const size_t first_ci = co / s.group_co * s.group_ci;
          for (size_t kh = 0; kh < s.kh; ++kh)
            for (size_t kw = 0; kw < s.kw; ++kw)
              for (size_t ci = 0; ci < s.group_ci; ++ci) {
                const size_t row = ho * s.sh + kh * s.dh - s.pad_top, column = wo * s.sw + kw * s.dw - s.pad_left;  // wraps below 0
                const bool inside = row < s.h && column < s.w;
                f(((n * s.ho + ho) * s.wo + wo) * s.co + co, inside ? ((n * s.h + row) * s.w + column) * s.ci + first_ci + ci : kOutside,
                  ((co * s.kh + kh) * s.kw + kw) * s.group_ci + ci);
              }
        }
}

template <class Sum = double, class X>
Sum at(const X* x, size_t i, X pad_value = 0) {
  return i == kOutside ? pad_value : x[i];
}

double hardtanh(double d) { return d < -1 ? -1 : d > 1 ? 1 : d; }
double sgn(double d) { return d < 0 ? -1 : d > 0 ? 1 : d; }

template <class Term>
void sum_terms(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y, Term term) {
  for (size_t i = 0; i < s.y_elems; ++i) y[i] = 0;
  for_terms(s, [&](size_t iy, size_t ix, size_t iw) { y[iy] += term(at(x, ix), double(w[iw])); });
  for (size_t i = 0; bias && i < s.y_elems; ++i) y[i] += bias[i % s.co];
}

// Integers, exact: sums in int64 that a double holds.
template <class X, class W, class Term>
void conv2d_integer(const Conv2dShape& s, const X* x, const W* w, X pad_value, double* y, Term term) {
  for (size_t i = 0; i < s.y_elems; ++i) y[i] = 0;
  for_terms(s, [&](size_t iy, size_t ix, size_t iw) { y[iy] += static_cast<double>(term(at<int64_t>(x, ix, pad_value), int64_t{w[iw]})); });
}

template <class Slope>
void grad_input(const Conv2dShape& s, const float* gy, double* gx, Slope slope) {
  for (size_t i = 0; i < s.x_elems; ++i) gx[i] = 0;
  for_terms(s, [&](size_t iy, size_t ix, size_t iw) {
    if (ix != kOutside) gx[ix] += slope(ix, iw) * gy[iy];
  });
}

template <class Slope>
void grad_filter(const Conv2dShape& s, const float* gy, double* gw, Slope slope) {
  for (size_t i = 0; i < s.w_elems; ++i) gw[i] = 0;
  for_terms(s, [&](size_t iy, size_t ix, size_t iw) { gw[iw] += slope(ix, iw) * gy[iy]; });
}

// In float32, and this file is compiled without contraction: each operation rounds by itself.
template <class Q>
float rescaled(double sum, const Rescaling<Q>& r, size_t channel, size_t i) {
  float v = r.scale[channel] * static_cast<float>(static_cast<int32_t>(sum));
  v += r.shift[channel];
  if (r.residual) v += r.residual_scale * static_cast<float>(r.residual[i]);
  if (r.residual_floats) v += r.residual_floats[i];
  return v;
}

// nearbyint rounds halves to even.
template <class Q>
Q nearest(float v, const QuantizedRange<Q>& range) {
  const float rounded = std::nearbyint(v);
  if (rounded >= range.max) return range.max;
  return rounded > range.min ? static_cast<Q>(rounded) : range.min;
}
}  // namespace

void reference_adder_conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y) {
  sum_terms(s, x, w, bias, y, [](double a, double b) { return -std::fabs(a - b); });
}

void reference_conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y) {
  sum_terms(s, x, w, bias, y, [](double a, double b) { return a * b; });
}

void reference_adder_conv2d_grad_input(const Conv2dShape& s, InputRule rule, const float* gy, const float* x, const float* w, double* gx) {
  const auto f = rule == InputRule::kHardtanh ? hardtanh : sgn;
  grad_input(s, gy, gx, [&](size_t ix, size_t iw) { return f(double(w[iw]) - x[ix]); });
}

void reference_adder_conv2d_grad_filter(const Conv2dShape& s, FilterRule rule, const float* gy, const float* x, const float* w,
                                        double* gw) {
  grad_filter(s, gy, gw, [&](size_t ix, size_t iw) {
    const double d = at(x, ix) - w[iw];
    return rule == FilterRule::kFull ? d : sgn(d);
  });
}

void reference_conv2d_grad_input(const Conv2dShape& s, const float* gy, const float* w, double* gx) {
  grad_input(s, gy, gx, [&](size_t, size_t iw) { return double(w[iw]); });
}

void reference_conv2d_grad_filter(const Conv2dShape& s, const float* gy, const float* x, double* gw) {
  grad_filter(s, gy, gw, [&](size_t ix, size_t) { return at(x, ix); });
}

void reference_xnor_conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, double* y) {
  const auto sign = [](double v) { return v < 0 ? -1.0 : 1.0; };
  sum_terms(s, x, w, nullptr, y, [sign](double a, double b) { return sign(a) * sign(b); });
  for (size_t co = 0; co < s.co; ++co) {
    double magnitudes = 0;
    for (size_t k = 0; k < s.k; ++k) magnitudes += std::fabs(static_cast<double>(w[co * s.k + k]));
    for (size_t i = co; i < s.y_elems; i += s.co) y[i] = magnitudes / s.k * y[i] + (bias ? bias[co] : 0.0f);
  }
}

template <class T>
void reference_adder_conv2d(const Conv2dShape& s, const T* x, const T* w, T pad_value, double* y) {
  conv2d_integer(s, x, w, pad_value, y, [](int64_t a, int64_t b) { return a < b ? a - b : b - a; });
}
template void reference_adder_conv2d(const Conv2dShape&, const uint8_t*, const uint8_t*, uint8_t, double*);
template void reference_adder_conv2d(const Conv2dShape&, const int8_t*, const int8_t*, int8_t, double*);
template void reference_adder_conv2d(const Conv2dShape&, const int16_t*, const int16_t*, int16_t, double*);

void reference_int8_conv2d(const Conv2dShape& s, const uint8_t* x, const int8_t* w, uint8_t pad_value, double* y) {
  conv2d_integer(s, x, w, pad_value, y, [](int64_t a, int64_t b) { return a * b; });
}

template <class Q>
void reference_requantize(size_t rows, size_t channels, const double* sums, const Rescaling<Q>& rescaling, const QuantizedRange<Q>& range,
                          Q* y) {
  for (size_t i = 0; i < rows * channels; ++i) y[i] = nearest(rescaled(sums[i], rescaling, i % channels, i), range);
}
template void reference_requantize(size_t, size_t, const double*, const Rescaling<uint8_t>&, const QuantizedRange<uint8_t>&, uint8_t*);
template void reference_requantize(size_t, size_t, const double*, const Rescaling<int16_t>&, const QuantizedRange<int16_t>&, int16_t*);

template <class Q>
void reference_dequantize(size_t rows, size_t channels, const double* sums, const Rescaling<Q>& rescaling, const Activation& activation,
                          float* y) {
  for (size_t i = 0; i < rows * channels; ++i) {
    const float v = rescaled(sums[i], rescaling, i % channels, i);
    const float clamped = v < activation.min ? activation.min : v > activation.max ? activation.max : v;
    y[i] = activation.has_bound() ? clamped + 0.0f : clamped;  // no -0
  }
}
template void reference_dequantize(size_t, size_t, const double*, const Rescaling<uint8_t>&, const Activation&, float*);
template void reference_dequantize(size_t, size_t, const double*, const Rescaling<int16_t>&, const Activation&, float*);

template <class Q>
void reference_quantize(size_t n, const float* x, const Quantization<Q>& to, Q* y) {
  for (size_t i = 0; i < n; ++i) y[i] = nearest(x[i] / to.scale + to.zero_point, to.range);
}
template void reference_quantize(size_t, const float*, const Quantization<uint8_t>&, uint8_t*);
template void reference_quantize(size_t, const float*, const Quantization<int16_t>&, int16_t*);
