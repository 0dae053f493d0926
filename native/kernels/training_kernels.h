// Passes over whole tensors in training: [rows][channels], where a row is a pixel. Sums over rows are of one chunk of at most a few hundred
// rows: short enough for float32, and the driver adds up the chunks in double.
#pragma once
#include <cstddef>

// g = gy where y > 0, else 0; g = gy where y is null
struct NormalizeGradArgs {
  size_t rows, channels;
  const float *gy, *x, *y;
  const float* mean;  // [channels]
};

constexpr size_t kMaxPoolTaps = 1 << 24;  // numbers that float32 tells apart

struct TrainingKernels {
  // mean[c] and squares[c] = sum_r (x[r][c] - mean[c])^2
  void (*moments)(size_t rows, size_t channels, const float* x, double* mean, double* squares);
  // sum[c] = sum_r g,  dot[c] = sum_r g * (x - mean);  masked takes g, unless it or y is null; it may be gy
  void (*normalize_grad_sums)(const NormalizeGradArgs&, double* sum, double* dot, float* masked);
  // gx = (g - mean_g) * scale - (x - mean) * slope,  [channels] each;  gx may be gy or x
  void (*normalize_grad)(const NormalizeGradArgs&, const float* mean_g, const float* scale, const float* slope, float* gx);
  void (*channel_sums)(size_t rows, size_t channels, const float* x, double* sum);  // sum[c] = sum_r x[r][c]
  void (*relu_grad)(size_t n, const float* gy, const float* y, float* gx);          // gx = gy where y > 0, else 0; gx may be gy or y
  // gx[taps[t] + c] += g[c] where x[taps[t] + c] is the largest over t < count, the first of several; 1 <= count <= kMaxPoolTaps
  void (*max_pool_grad)(size_t count, const size_t* taps, size_t channels, const float* x, const float* g, float* gx);
};
