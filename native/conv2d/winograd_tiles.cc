#include "winograd_tiles.h"

Conv2dShape winograd_windows(const Conv2dShape& s) {
  Conv2dShape windows = s;
  windows.kh = windows.kw = kWinogradInput;
  windows.sh = windows.sw = kWinogradOutput;
  windows.ho = divide_up(s.ho, kWinogradOutput);
  windows.wo = divide_up(s.wo, kWinogradOutput);
  windows.pad_bottom += windows.ho * kWinogradOutput - s.ho;
  windows.pad_right += windows.wo * kWinogradOutput - s.wo;
  return windows;
}

void transform_block(const KernelTable& kernels, const Conv2dShape& windows, const Task& task, const InputStrip<float>& strip, size_t first,
                     size_t count, size_t block, float* v) {
  for_runs(windows, task, first, count, [&](const TileRun& run) {
    const float* const d =
        strip.data + run.image * strip.image_stride + kWinogradOutput * (run.row * strip.row_stride + run.column * windows.ci);
    kernels.winograd.transform_input(run.count, windows.ci, d, strip.row_stride, windows.ci, v + run.place * windows.ci,
                                     position_stride(block, windows.ci));
  });
}

void transform_gradient_block(const KernelTable& kernels, const Conv2dShape& s, const Conv2dShape& windows, const Task& task,
                              const float* gy, const float* zeros, size_t first, size_t count, size_t block, float* gs) {
  for_runs(windows, task, first, count, [&](const TileRun& run) {
    for (size_t i = 0; i < run.count; ++i) {
      const float* pixels[kWinogradOutput * kWinogradOutput];
      for (size_t a = 0; a < kWinogradOutput; ++a)
        for (size_t b = 0; b < kWinogradOutput; ++b) {
          const size_t row = kWinogradOutput * (task.row + run.row) + a, column = kWinogradOutput * (run.column + i) + b;
          const bool exists = row < s.ho && column < s.wo;
          pixels[kWinogradOutput * a + b] = exists ? gy + (((task.image + run.image) * s.ho + row) * s.wo + column) * s.co : zeros;
        }
      kernels.winograd.transform_output_grad(s.co, pixels, gs + (run.place + i) * s.co, position_stride(block, s.co));
    }
  });
}
