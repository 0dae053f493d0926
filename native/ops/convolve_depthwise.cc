// Depthwise form: every channel has one filter of its own, so a tile is mr pixels x a vector of channels and nothing is summed over
// channels. Bound by loads, so the direct |x - w| costs no more than the max form.
#include <algorithm>
#include <atomic>

#include "../runtime/scratch.h"
#include "convolve_forms.h"

Status convolve_depthwise(const Convolution& c) {
  const ConvShape& s = c.shape;
  const size_t taps = s.k, mr = static_cast<size_t>(c.product.depthwise.mr);
  AlignedBuffer<float> weights(taps * s.ci);  // [taps][ci]
  AlignedBuffer<size_t> tap_offsets(taps);
  if (!weights.ok() || !tap_offsets.ok()) return Status::kMemory;
  c.kernels.transpose(s.ci, taps, c.w, taps, weights.data(), s.ci);
  for (size_t t = 0; t < taps; ++t) tap_offsets[t] = t / s.kw * s.dh * band_row_stride(s) + t % s.kw * s.dw * s.ci;

  const TaskGrid grid = cut_into_tasks(s, c.pool.threads());
  const size_t most_pixels = grid.images_per_task * grid.rows_per_task * s.wo;
  const size_t scratch_bytes = (most_pixels + mr) * sizeof(const float*) + band_scratch(s, grid) * sizeof(float);

  std::atomic<bool> out_of_memory{false};
  c.pool.parallel_for(grid.tasks, [&](size_t index) {
    void* const scratch = thread_scratch(scratch_bytes);
    if (!scratch) {
      out_of_memory = true;
      return;
    }
    const float** const origins = static_cast<const float**>(scratch);
    const Task task = grid.task(s, index);
    const Band band = make_band(s, task, c.x, reinterpret_cast<float*>(origins + most_pixels + mr));
    const size_t pixels = task.images * task.rows * s.wo;
    const float** origin = origins;
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = 0; row < task.rows; ++row)
        for (size_t column = 0; column < s.wo; ++column) *origin++ = band.window(s, i, row, column);
    std::fill(origin, origin + mr, origin[-1]);

    float* y = c.y + (task.image * s.ho + task.row) * s.wo * s.co;
    for (size_t pixel = 0; pixel < pixels; pixel += mr)
      c.product.depthwise.run(
          {std::min(mr, pixels - pixel), s.ci, taps, origins + pixel, tap_offsets.data(), weights.data(), c.bias, y + pixel * s.co, s.co});
  });
  return out_of_memory ? Status::kMemory : Status::kOk;
}
