#include "pool_grad.h"

#include <algorithm>

#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "pool_taps.h"

namespace {
// Calls tap(where the pixel starts in the image) for each pixel of the window (ho, wo) that lies in the image, row by row.
template <class Tap>
void each_tap(const Conv2dShape& s, size_t ho, size_t wo, const Tap& tap) {
  const Taps rows = taps_on_image(ho * s.sh, s.kh, s.pad_top, s.h), columns = taps_on_image(wo * s.sw, s.kw, s.pad_left, s.w);
  for (size_t kh = rows.first; kh < rows.end; ++kh)
    for (size_t kw = columns.first; kw < columns.end; ++kw)
      tap(((ho * s.sh + kh - s.pad_top) * s.w + (wo * s.sw + kw - s.pad_left)) * s.ci);
}
}  // namespace

// The largest element is found again instead of kept from the forward pass: no index is ever stored.
Status max_pool2d_grad(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* gy, const float* x, float* gx) {
  if (s.kh * s.kw > kMaxPoolTaps) return Status::kShape;
  return run_tasks(pool, s.n, [&](size_t n) {
    ScratchLayout layout;
    const auto tap_slot = layout.add<size_t>(s.kh * s.kw);
    const Scratch scratch(layout);
    if (!scratch) return false;
    size_t* const taps = scratch[tap_slot];
    const size_t image_elems = s.h * s.w * s.ci;
    const float* g = gy + n * s.ho * s.wo * s.ci;
    float* const sum = gx + n * image_elems;
    std::fill(sum, sum + image_elems, 0.0f);
    for (size_t ho = 0; ho < s.ho; ++ho)
      for (size_t wo = 0; wo < s.wo; ++wo, g += s.ci) {
        size_t count = 0;
        each_tap(s, ho, wo, [&](size_t at) { taps[count++] = at; });
        if (count > 0) kernels.training.max_pool_grad(count, taps, s.ci, x + n * image_elems, g, sum);
      }
    return true;
  });
}

void average_pool2d_grad(ThreadPool& pool, const Conv2dShape& s, const float* gy, float* gx) {
  const float elements = static_cast<float>(s.kh * s.kw);
  pool.parallel_for(s.n, [&](size_t n) {
    const size_t image_elems = s.h * s.w * s.ci;
    const float* g = gy + n * s.ho * s.wo * s.ci;
    float* const sum = gx + n * image_elems;
    std::fill(sum, sum + image_elems, 0.0f);
    for (size_t ho = 0; ho < s.ho; ++ho)
      for (size_t wo = 0; wo < s.wo; ++wo, g += s.ci)
        each_tap(s, ho, wo, [&](size_t tap) {
          for (size_t c = 0; c < s.ci; ++c) sum[tap + c] += g[c] / elements;
        });
  });
}
