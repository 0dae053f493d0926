#include "reference.h"

#include <cmath>

namespace {
// y[n,ho,wo,co] = sign * sum_{kh,kw,ci} term(x[n, ho*s + kh*d - p, wo*s + kw*d - p, ci], w[co,kh,kw,ci]) + bias[co], where x is 0
// outside the image.
template <class Term>
void convolve(const ConvShape& s, const float* x, const float* w, const float* bias, double* y, double sign, Term term) {
  for (size_t n = 0; n < s.n; ++n)
    for (size_t ho = 0; ho < s.ho; ++ho)
      for (size_t wo = 0; wo < s.wo; ++wo)
        for (size_t co = 0; co < s.co; ++co) {
          const size_t first_ci = co / s.group_co * s.group_ci;
          double sum = 0;
          for (size_t kh = 0; kh < s.kh; ++kh)
            for (size_t kw = 0; kw < s.kw; ++kw)
              for (size_t ci = 0; ci < s.group_ci; ++ci) {
                const size_t row = ho * s.sh + kh * s.dh - s.ph, column = wo * s.sw + kw * s.dw - s.pw;  // wraps below 0
                const bool inside = row < s.h && column < s.w;
                const double datum = inside ? x[((n * s.h + row) * s.w + column) * s.ci + first_ci + ci] : 0.0;
                sum += term(datum, static_cast<double>(w[((co * s.kh + kh) * s.kw + kw) * s.group_ci + ci]));
              }
          y[((n * s.ho + ho) * s.wo + wo) * s.co + co] = sign * sum + (bias ? bias[co] : 0.0f);
        }
}
}  // namespace

void reference_adder_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y) {
  convolve(s, x, w, bias, y, -1, [](double a, double b) { return std::fabs(a - b); });
}

void reference_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y) {
  convolve(s, x, w, bias, y, 1, [](double a, double b) { return a * b; });
}

void reference_xnor_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y) {
  const auto sign = [](double v) { return v < 0 ? -1.0 : 1.0; };
  convolve(s, x, w, nullptr, y, 1, [sign](double a, double b) { return sign(a) * sign(b); });
  for (size_t co = 0; co < s.co; ++co) {
    double magnitudes = 0;
    for (size_t k = 0; k < s.k; ++k) magnitudes += std::fabs(static_cast<double>(w[co * s.k + k]));
    for (size_t i = co; i < s.y_elems; i += s.co) y[i] = magnitudes / s.k * y[i] + (bias ? bias[co] : 0.0f);
  }
}
