#include "winograd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace {
constexpr double kBt[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
constexpr double kAt[2][4] = {{-1, 1, 1, 0}, {0, 1, -1, 1}};

// out = L in L^T, or L^T in L where kTransposed; L has kRows rows and kColumns columns.
template <bool kTransposed, size_t kRows, size_t kColumns, size_t kOut, size_t kIn>
void sandwich(const double (&l)[kRows][kColumns], const double (&in)[kIn][kIn], double (&out)[kOut][kOut]) {
  const auto factor = [&](size_t row, size_t column) { return kTransposed ? l[column][row] : l[row][column]; };
  for (size_t i = 0; i < kOut; ++i)
    for (size_t j = 0; j < kOut; ++j) {
      out[i][j] = 0;
      for (size_t a = 0; a < kIn; ++a)
        for (size_t b = 0; b < kIn; ++b)
          if (factor(i, a) * factor(j, b) != 0) out[i][j] += factor(i, a) * in[a][b] * factor(j, b);  // 0 times a NaN would be one
    }
}

// A tile: of image n, with its first output at (row, column).
struct Tile {
  size_t n, row, column;
};

template <class Use>
void each_tile(const Conv2dShape& s, Use use) {
  for (size_t n = 0; n < s.n; ++n)
    for (size_t row = 0; row < s.ho; row += 2)
      for (size_t column = 0; column < s.wo; column += 2) use(Tile{n, row, column});
}

// The index of input pixel (r, c) of a tile, in pixels; false where it is padding. And of an output pixel.
bool input_pixel(const Conv2dShape& s, const Tile& t, size_t r, size_t c, size_t* pixel) {
  const size_t row = t.row + r - s.pad_top, column = t.column + c - s.pad_left;  // below 0 they are large
  *pixel = (t.n * s.h + row) * s.w + column;
  return row < s.h && column < s.w;
}
bool output_pixel(const Conv2dShape& s, const Tile& t, size_t r, size_t c, size_t* pixel) {
  *pixel = (t.n * s.ho + t.row + r) * s.wo + t.column + c;
  return t.row + r < s.ho && t.column + c < s.wo;
}

template <class X>
void transformed_input(const Conv2dShape& s, const Tile& t, const X* x, size_t ci, double (&v)[4][4], X pad_value = 0) {
  double d[4][4];
  size_t pixel;
  for (size_t r = 0; r < 4; ++r)
    for (size_t c = 0; c < 4; ++c) d[r][c] = input_pixel(s, t, r, c, &pixel) ? x[pixel * s.ci + ci] : pad_value;
  sandwich<false>(kBt, d, v);
}
void transformed_gradient(const Conv2dShape& s, const Tile& t, const double* gy, size_t co, double (&gs)[4][4]) {
  double g[2][2];
  size_t pixel;
  for (size_t r = 0; r < 2; ++r)
    for (size_t c = 0; c < 2; ++c) g[r][c] = output_pixel(s, t, r, c, &pixel) ? gy[pixel * s.co + co] : 0;
  sandwich<true>(kAt, g, gs);
}

// Less the mean over the channels of a pixel, by `round` of it.
template <class Round>
void center(const Conv2dShape& s, double* y, Round round) {
  for (double* pixel = y; pixel < y + s.n * s.ho * s.wo * s.co; pixel += s.co) {
    const double mean = round(std::accumulate(pixel, pixel + s.co, 0.0) / static_cast<double>(s.co));
    for (size_t co = 0; co < s.co; ++co) pixel[co] -= mean;
  }
}
constexpr auto exactly = [](double mean) { return mean; };

// use(gs, V - U, co, ci) for every tile and pair of channels.
template <class Use>
void each_difference(const Conv2dShape& s, const float* output_gradient, const float* x, const float* u, Use use) {
  std::vector<double> gy(output_gradient, output_gradient + s.n * s.ho * s.wo * s.co);
  center(s, gy.data(), exactly);
  each_tile(s, [&](const Tile& t) {
    for (size_t ci = 0; ci < s.ci; ++ci) {
      double v[4][4];
      transformed_input(s, t, x, ci, v);
      for (size_t co = 0; co < s.co; ++co) {
        double gs[4][4], difference[4][4];
        transformed_gradient(s, t, gy.data(), co, gs);
        for (size_t p = 0; p < 16; ++p) difference[p / 4][p % 4] = v[p / 4][p % 4] - u[(p * s.co + co) * s.ci + ci];
        use(t, gs, difference, co, ci);
      }
    }
  });
}

// y = the terms of each output channel, [4][co] or null, plus A^T S A. `value` takes V[p] to what meets U, `weight` S[p] to what is
// transformed; they are exact of integers.
template <class X, class Constant, class Value, class Weight>
void forward(const Conv2dShape& s, const X* x, const X* u, X pad_value, Constant constant, Value value, Weight weight, double* y) {
  size_t pixel;
  each_tile(s, [&](const Tile& t) {
    for (size_t i = 0; i < 4; ++i)
      for (size_t co = 0; co < s.co; ++co)
        if (output_pixel(s, t, i / 2, i % 2, &pixel)) y[pixel * s.co + co] = constant(i, co);
    for (size_t ci = 0; ci < s.ci; ++ci) {
      double v[4][4];
      transformed_input(s, t, x, ci, v, pad_value);
      for (size_t co = 0; co < s.co; ++co) {
        double sums[4][4], out[2][2];
        for (size_t p = 0; p < 16; ++p)
          sums[p / 4][p % 4] = -weight(p) * std::fabs(value(p, v[p / 4][p % 4]) - u[(p * s.co + co) * s.ci + ci]);
        sandwich<false>(kAt, sums, out);
        for (size_t i = 0; i < 4; ++i)
          if (output_pixel(s, t, i / 2, i % 2, &pixel)) y[pixel * s.co + co] += out[i / 2][i % 2];
      }
    }
  });
}
}  // namespace

void reference_winograd_adder_conv2d(const Conv2dShape& s, const float* x, const float* u, const float* bias, double* y) {
  forward(
      s, x, u, 0.0f, [](size_t, size_t) { return 0.0; }, [](size_t, double v) { return v; }, [](size_t) { return 1.0; }, y);
  center(s, y, exactly);
  for (size_t i = 0; bias && i < s.n * s.ho * s.wo * s.co; ++i) y[i] += bias[i % s.co];
}

template <class X>
void reference_winograd_adder_conv2d(const Conv2dShape& s, const X* x, const X* u, X pad_value, const WinogradRounding* rounding,
                                     const int32_t* constants, double* y) {
  const auto step = [&](size_t p) { return rounding ? std::ldexp(1.0, rounding->shifts[p]) : 1.0; };
  const auto rounded = [&](size_t p, double v) {
    return rounding ? std::clamp(std::floor((v + rounding->offsets[p]) / step(p)), 0.0, 255.0) : v;
  };
  forward(
      s, x, u, pad_value, [&](size_t i, size_t co) { return constants ? constants[i * s.co + co] : 0; }, rounded, step, y);
  center(s, y, [](double mean) { return std::floor(mean + 0.5); });
}
template void reference_winograd_adder_conv2d(const Conv2dShape&, const uint8_t*, const uint8_t*, uint8_t, const WinogradRounding*,
                                              const int32_t*, double*);
template void reference_winograd_adder_conv2d(const Conv2dShape&, const int16_t*, const int16_t*, int16_t, const WinogradRounding*,
                                              const int32_t*, double*);

void reference_winograd_adder_conv2d_grad_filter(const Conv2dShape& s, const float* gy, const float* x, const float* u, double* gu) {
  std::fill_n(gu, 16 * s.co * s.ci, 0.0);
  each_difference(s, gy, x, u, [&](const Tile&, const double(&gs)[4][4], const double(&difference)[4][4], size_t co, size_t ci) {
    for (size_t p = 0; p < 16; ++p) gu[(p * s.co + co) * s.ci + ci] += gs[p / 4][p % 4] * difference[p / 4][p % 4];
  });
}

void reference_winograd_adder_conv2d_grad_input(const Conv2dShape& s, const float* gy, const float* x, const float* u, double* gx) {
  std::fill_n(gx, s.x_elems, 0.0);
  each_difference(s, gy, x, u, [&](const Tile& t, const double(&gs)[4][4], const double(&difference)[4][4], size_t, size_t ci) {
    double gv[4][4], gd[4][4];
    for (size_t p = 0; p < 16; ++p) gv[p / 4][p % 4] = gs[p / 4][p % 4] * std::clamp(-difference[p / 4][p % 4], -1.0, 1.0);
    sandwich<true>(kBt, gv, gd);
    size_t pixel;
    for (size_t i = 0; i < 16; ++i)
      if (input_pixel(s, t, i / 4, i % 4, &pixel)) gx[pixel * s.ci + ci] += gd[i / 4][i % 4];
  });
}
