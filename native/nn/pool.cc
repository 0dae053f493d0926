#include "pool.h"

#include <algorithm>
#include <limits>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "pool_taps.h"

namespace {
// Reduces every window with accumulate(y, x) channel by channel, then end(y). Plain loops do: memory bounds their speed, and the
// innermost one runs over contiguous channels.
template <class Accumulate, class End>
void reduce_windows(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y, float start, Accumulate accumulate, End end) {
  const size_t line_elems = s.wo * std::min(s.kh, s.h) * std::min(s.kw, s.w) * s.ci;
  pool.parallel_chunks(s.n * s.ho, fit_count(kPoolTaskElems, line_elems), [&](size_t first, size_t count) {
    for (size_t pixel = first * s.wo; pixel < (first + count) * s.wo; ++pixel) {
      const size_t n = pixel / s.wo / s.ho, ho = pixel / s.wo % s.ho, wo = pixel % s.wo;
      const Taps rows = taps_on_image(ho * s.sh, s.kh, s.pad_top, s.h), columns = taps_on_image(wo * s.sw, s.kw, s.pad_left, s.w);
      float* out = y + pixel * s.ci;
      std::fill(out, out + s.ci, start);
      for (size_t kh = rows.first; kh < rows.end; ++kh)
        for (size_t kw = columns.first; kw < columns.end; ++kw) {
          const size_t row = ho * s.sh + kh - s.pad_top, column = wo * s.sw + kw - s.pad_left;
          const float* in = x + ((n * s.h + row) * s.w + column) * s.ci;
          for (size_t c = 0; c < s.ci; ++c) out[c] = accumulate(out[c], in[c]);
        }
      for (size_t c = 0; c < s.ci; ++c) out[c] = end(out[c]);
    }
  });
}
}  // namespace

void max_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y) {
  reduce_windows(
      pool, s, x, y, -std::numeric_limits<float>::infinity(), [](float max, float v) { return v > max || v != v ? v : max; },
      [](float max) { return max; });
}

void average_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y) {
  const float elements = static_cast<float>(s.kh * s.kw);
  reduce_windows(
      pool, s, x, y, 0.0f, [](float sum, float v) { return sum + v; }, [=](float sum) { return sum / elements; });
}
