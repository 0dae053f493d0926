#include "reference.h"

#include <cmath>

namespace {
// y[n,ho,wo,co] = sign * sum_{kh,kw,ci} term(x[n, ho*s + kh*d - p, wo*s + kw*d - p, ci], w[co,kh,kw,ci]) + bias[co], where x is
// `padding` outside the image.
template <class Sum, class X, class W, class Term>
void convolve(const ConvShape& s, const X* x, const W* w, const float* bias, double* y, Sum sign, Term term, X padding = 0) {
  for (size_t n = 0; n < s.n; ++n)
    for (size_t ho = 0; ho < s.ho; ++ho)
      for (size_t wo = 0; wo < s.wo; ++wo)
        for (size_t co = 0; co < s.co; ++co) {
          const size_t first_ci = co / s.group_co * s.group_ci;
          Sum sum = 0;
          for (size_t kh = 0; kh < s.kh; ++kh)
            for (size_t kw = 0; kw < s.kw; ++kw)
              for (size_t ci = 0; ci < s.group_ci; ++ci) {
                const size_t row = ho * s.sh + kh * s.dh - s.ph, column = wo * s.sw + kw * s.dw - s.pw;  // wraps below 0
                const bool inside = row < s.h && column < s.w;
                const Sum datum = inside ? x[((n * s.h + row) * s.w + column) * s.ci + first_ci + ci] : padding;
                sum += term(datum, static_cast<Sum>(w[((co * s.kh + kh) * s.kw + kw) * s.group_ci + ci]));
              }
          y[((n * s.ho + ho) * s.wo + wo) * s.co + co] = static_cast<double>(sign * sum) + (bias ? bias[co] : 0.0f);
        }
}
}  // namespace

void reference_adder_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y) {
  convolve(s, x, w, bias, y, -1.0, [](double a, double b) { return std::fabs(a - b); });
}

void reference_conv2d(const ConvShape& s, const float* x, const float* w, const float* bias, double* y) {
  convolve(s, x, w, bias, y, 1.0, [](double a, double b) { return a * b; });
}

template <class T>
void reference_adder_conv2d(const ConvShape& s, const T* x, const T* w, T padding, double* y) {
  convolve(
      s, x, w, nullptr, y, int64_t{-1}, [](int64_t a, int64_t b) { return a < b ? b - a : a - b; }, padding);
}
template void reference_adder_conv2d(const ConvShape&, const uint8_t*, const uint8_t*, uint8_t, double*);
template void reference_adder_conv2d(const ConvShape&, const int8_t*, const int8_t*, int8_t, double*);
template void reference_adder_conv2d(const ConvShape&, const int16_t*, const int16_t*, int16_t, double*);

void reference_int8_conv2d(const ConvShape& s, const uint8_t* x, const int8_t* w, uint8_t padding, double* y) {
  convolve(
      s, x, w, nullptr, y, int64_t{1}, [](int64_t a, int64_t b) { return a * b; }, padding);
}
