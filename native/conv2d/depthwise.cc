// Depthwise form: every channel has one filter of its own, so a tile is mr pixels x a vector of channels and nothing is summed over
// channels. Bound by loads, so the direct |x - w| costs no more than the max form.
#include <algorithm>

#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"

namespace {
class Depthwise : public PackedConvolution {
 public:
  explicit Depthwise(const Packing& p)
      : kernels_(p.kernels),
        tile_(p.product.depthwise),
        shape_(p.shape),
        weights_(shape_.k * shape_.ci),
        tap_offsets_(shape_.k),
        epilogue_(p.epilogue, {shape_.groups, shape_.group_co}) {
    if (!ok()) return;
    const ConvShape& s = shape_;
    kernels_.layout.transpose(s.ci, s.k, p.w, s.k, weights_.data(), s.ci);
    for (size_t t = 0; t < s.k; ++t) tap_offsets_[t] = t / s.kw * s.dh * band_row_stride(s) + t % s.kw * s.dw * s.ci;
  }
  bool ok() const { return weights_.ok() && tap_offsets_.ok() && epilogue_.ok(); }
  size_t bytes() const override { return weights_.bytes() + tap_offsets_.bytes() + epilogue_.bytes(); }

  Status run(const ConvolutionRun& r) const override {
    const ConvShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, s, grid, [&](const Task& task) { return run_task(s, grid, r, task); });
  }

 private:
  bool run_task(const ConvShape& s, const TaskGrid& grid, const ConvolutionRun& r, const Task& task) const {
    const size_t mr = static_cast<size_t>(tile_.mr), most_pixels = grid.images_per_task * grid.rows_per_task * s.wo;
    ScratchLayout layout;
    const auto origin_slot = layout.add<const float*>(most_pixels + mr);
    const auto band_slot = layout.add<float>(band_scratch(s, grid));
    const Scratch scratch(layout);
    if (!scratch) return false;
    const float** const origins = scratch[origin_slot];
    const Band band = make_band(s, task, r.x, scratch[band_slot]);
    const size_t pixels = list_windows(s, task, band, 0, mr, origins);
    const size_t output = (task.image * s.ho + task.row) * s.wo * s.co;
    float* const y = r.y + output;
    for (size_t pixel = 0; pixel < pixels; pixel += mr)
      tile_.run({std::min(mr, pixels - pixel), s.ci, s.k, origins + pixel, tap_offsets_.data(), weights_.data(), epilogue_.bias(),
                 y + pixel * s.co, s.co});
    epilogue_.finish(kernels_, pixels, s.co, r.residual ? r.residual + output : nullptr, y);
    return true;
  }

  const KernelTable& kernels_;
  const DepthwiseTile& tile_;
  const ConvShape shape_;
  AlignedBuffer<float> weights_;       // [taps][ci]
  AlignedBuffer<size_t> tap_offsets_;  // [taps]
  const SeparateEpilogue epilogue_;
};
}  // namespace

std::unique_ptr<PackedConvolution> pack_depthwise(const Packing& p) { return packed<Depthwise>(p); }
