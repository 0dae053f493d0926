// Depthwise form: every channel has one filter of its own, so a tile is mr pixels x a vector of channels and nothing is summed over
// channels. Loads bound its speed, so the direct |x - w| costs no more than the max form.
#include <algorithm>

#include "../runtime/make_if_ok.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"

namespace {
class Depthwise : public PackedConv2d {
 public:
  explicit Depthwise(const Packing& p)
      : kernels_(p.kernels),
        tile_(p.product.depthwise),
        shape_(p.shape),
        weights_(shape_.k * shape_.ci),
        tap_offsets_(shape_.k),
        epilogue_(of_tiles(p.epilogue), {shape_.groups, shape_.group_co}),
        center_(p.epilogue, shape_.co) {
    if (!ok()) return;
    const Conv2dShape& s = shape_;
    kernels_.layout.transpose(s.ci, s.k, p.w, s.k, weights_.data(), s.ci);
    for (size_t t = 0; t < s.k; ++t) tap_offsets_[t] = t / s.kw * s.dh * strip_row_stride(s) + t % s.kw * s.dw * s.ci;
  }
  bool ok() const { return weights_.ok() && tap_offsets_.ok() && epilogue_.ok() && center_.ok(); }
  size_t bytes() const override { return weights_.bytes() + tap_offsets_.bytes() + epilogue_.bytes() + center_.bytes(); }

  Status run(const Conv2dRun& r) const override {
    const Conv2dShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, grid.tasks, [&](size_t i) { return run_task(s, grid, r, grid.task(s, i)); });
  }

 private:
  bool run_task(const Conv2dShape& s, const TaskGrid& grid, const Conv2dRun& r, const Task& task) const {
    const size_t mr = static_cast<size_t>(tile_.mr), max_pixels = grid.images_per_task * grid.rows_per_task * s.wo;
    ScratchLayout layout;
    const auto pointer_slot = layout.add<const float*>(max_pixels + mr);
    const auto strip_slot = layout.add<float>(strip_scratch_elems(s, grid));
    const Scratch scratch(layout);
    if (!scratch) return false;
    const float** const row_pointers = scratch[pointer_slot];
    const InputStrip<float> strip = make_input_strip(s, task, r.x, scratch[strip_slot]);
    const size_t pixels = list_windows(s, task, strip, 0, mr, row_pointers);
    const size_t output = (task.image * s.ho + task.row) * s.wo * s.co;
    float* const y = r.y + output;
    for (size_t pixel = 0; pixel < pixels; pixel += mr)
      tile_.run({std::min(mr, pixels - pixel), s.ci, s.k, row_pointers + pixel, tap_offsets_.data(), weights_.data(), epilogue_.bias(),
                 y + pixel * s.co, s.co});
    const float* const residual = r.residual ? r.residual + output : nullptr;
    if (center_.centers()) center_.run(kernels_, pixels, residual, y);
    else epilogue_.finish(kernels_, pixels, s.co, residual, y);
    return true;
  }

  const KernelTable& kernels_;
  const DepthwiseTile& tile_;
  const Conv2dShape shape_;
  AlignedBuffer<float> weights_;       // [taps][ci]
  AlignedBuffer<size_t> tap_offsets_;  // [taps]
  const SeparateEpilogue epilogue_;
  const CenterPass center_;
};
}  // namespace

std::unique_ptr<PackedConv2d> pack_depthwise(const Packing& p) { return make_if_ok<Depthwise>(p); }
