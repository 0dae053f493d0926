// Bounds of what float32 adds up in a Winograd layer and in its gradients: rounding errors are relative to them.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "conv2d/winograd.h"

struct WinogradMagnitudes {
  std::vector<double> y, gx, gu;
};

// A bound of what is centered: a number and the mean of its pixel may err in opposite directions.
inline void center_bounds(const Conv2dShape& s, std::vector<double>& y) {
  for (size_t at = 0; at < y.size(); at += s.co) {
    double mean = 0;
    for (size_t co = 0; co < s.co; ++co) mean += y[at + co] / static_cast<double>(s.co);
    for (size_t co = 0; co < s.co; ++co) y[at + co] += mean;
  }
}

inline WinogradMagnitudes winograd_magnitudes(const Conv2dShape& s, const float* x, const float* u, const float* output_gradient) {
  const size_t filter_elems = winograd_filter_elems(s);
  WinogradMagnitudes m = {std::vector<double>(s.y_elems), std::vector<double>(s.x_elems), std::vector<double>(filter_elems)};
  std::vector<double> pairs(s.co * s.ci), gradients(s.co), of_filters(s.co), tile_gy(s.co), tile_x(s.ci);
  for (size_t i = 0; i < filter_elems; ++i) of_filters[i / s.ci % s.co] += std::fabs(u[i]);
  std::vector<double> gy(s.y_elems);
  for (size_t i = 0; i < s.y_elems; ++i) gy[i] = std::fabs(output_gradient[i]);
  center_bounds(s, gy);

  // use(i) for the pixels of a square that exist, i the index of its first channel
  const auto each_pixel = [](size_t n, size_t row, size_t column, size_t size, size_t h, size_t w, size_t channels, auto use) {
    for (size_t r = 0; r < size; ++r)
      for (size_t c = 0; c < size; ++c)
        if (row + r < h && column + c < w) use(((n * h + row + r) * w + column + c) * channels);
  };
  for (size_t n = 0; n < s.n; ++n)
    for (size_t row = 0; row < s.ho; row += 2)
      for (size_t column = 0; column < s.wo; column += 2) {
        const auto each_input = [&](auto use) {
          each_pixel(n, row - s.pad_top, column - s.pad_left, 4, s.h, s.w, s.ci, use);  // below 0 they are large
        };
        std::fill(tile_gy.begin(), tile_gy.end(), 0);
        std::fill(tile_x.begin(), tile_x.end(), 0);
        each_pixel(n, row, column, 2, s.ho, s.wo, s.co, [&](size_t at) {
          for (size_t co = 0; co < s.co; ++co) tile_gy[co] += gy[at + co];
        });
        each_input([&](size_t at) {
          for (size_t ci = 0; ci < s.ci; ++ci) tile_x[ci] += std::fabs(x[at + ci]);
        });
        double all_gy = 0, all_x = 0;
        for (size_t co = 0; co < s.co; ++co) all_gy += tile_gy[co], gradients[co] += tile_gy[co];
        for (size_t ci = 0; ci < s.ci; ++ci) all_x += tile_x[ci];
        for (size_t co = 0; co < s.co; ++co)
          for (size_t ci = 0; ci < s.ci; ++ci) pairs[co * s.ci + ci] += tile_gy[co] * tile_x[ci];
        // Nine positions meet in an output and in a gradient of x. The hardtanh is off by the rounding of what it is of.
        each_pixel(n, row, column, 2, s.ho, s.wo, s.co, [&](size_t at) {
          for (size_t co = 0; co < s.co; ++co) m.y[at + co] = 9 * all_x + of_filters[co];
        });
        each_input([&](size_t at) {
          for (size_t ci = 0; ci < s.ci; ++ci) m.gx[at + ci] += 9 * all_gy * (1 + tile_x[ci]);
        });
      }
  for (size_t i = 0; i < filter_elems; ++i) m.gu[i] = pairs[i % (s.co * s.ci)] + std::fabs(u[i]) * gradients[i / s.ci % s.co];
  center_bounds(s, m.y);
  return m;
}
