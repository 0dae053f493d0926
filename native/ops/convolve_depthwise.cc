// Depthwise form: every channel has one filter of its own, so a tile is mr pixels x a vector of channels and nothing is summed over
// channels. Bound by loads, so the direct |x - w| costs no more than the max form.
#include <algorithm>

#include "../runtime/scratch.h"
#include "convolve_forms.h"

namespace {
// What all tasks share, and one task.
struct Depthwise {
  const Convolution& c;
  const DepthwiseTile& tile;
  AlignedBuffer<float> weights;       // [taps][ci]
  AlignedBuffer<size_t> tap_offsets;  // [taps]
  const TaskGrid grid;
  const size_t most_pixels;

  explicit Depthwise(const Convolution& c)
      : c(c),
        tile(c.product.depthwise),
        weights(c.shape.k * c.shape.ci),
        tap_offsets(c.shape.k),
        grid(cut_into_tasks(c.shape, c.pool.threads())),
        most_pixels(grid.images_per_task * grid.rows_per_task * c.shape.wo) {
    if (!ok()) return;
    const ConvShape& s = c.shape;
    c.kernels.layout.transpose(s.ci, s.k, c.w, s.k, weights.data(), s.ci);
    for (size_t t = 0; t < s.k; ++t) tap_offsets[t] = t / s.kw * s.dh * band_row_stride(s) + t % s.kw * s.dw * s.ci;
  }
  bool ok() const { return weights.ok() && tap_offsets.ok(); }

  bool run(const Task& task) const {
    const ConvShape& s = c.shape;
    const size_t mr = static_cast<size_t>(tile.mr);
    void* const scratch = thread_scratch((most_pixels + mr) * sizeof(const float*) + band_scratch(s, grid) * sizeof(float));
    if (!scratch) return false;
    const float** const origins = static_cast<const float**>(scratch);
    const Band band = make_band(s, task, c.x, reinterpret_cast<float*>(origins + most_pixels + mr));
    const size_t pixels = list_windows(s, task, band, 0, mr, origins);
    float* const y = c.y + (task.image * s.ho + task.row) * s.wo * s.co;
    for (size_t pixel = 0; pixel < pixels; pixel += mr)
      tile.run(
          {std::min(mr, pixels - pixel), s.ci, s.k, origins + pixel, tap_offsets.data(), weights.data(), c.bias, y + pixel * s.co, s.co});
    return true;
  }
};
}  // namespace

Status convolve_depthwise(const Convolution& c) {
  const Depthwise form(c);
  if (!form.ok()) return Status::kMemory;
  return run_tasks(c, form.grid, form);
}
