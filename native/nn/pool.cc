#include "pool.h"

#include <algorithm>
#include <limits>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "pool_taps.h"

namespace {
size_t rows_per_task(const Conv2dShape& s) { return fit_count(kPoolTaskElems, s.wo * std::min(s.kh, s.h) * std::min(s.kw, s.w) * s.ci); }

// y = max(y, x). Plain arguments, since a store of bytes might change whatever else memory holds.
template <class Q>
void take_max(size_t n, const Q* __restrict x, Q* __restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = std::max(x[i], y[i]);
}

// Reduces every window with accumulate(y, x) channel by channel, then end(y). Plain loops do: memory bounds their speed, and the
// innermost one runs over contiguous channels.
template <class Accumulate, class End>
void reduce_windows(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y, float start, Accumulate accumulate, End end) {
  pool.parallel_chunks(s.n * s.ho, rows_per_task(s), [&](size_t first, size_t count) {
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

// Whole input rows first, then the columns of their maxima: kh + kw comparisons of an element, not kh * kw.
template <class Q>
Status max_pool2d(ThreadPool& pool, const Conv2dShape& s, const Q* x, Q* y) {
  constexpr Q kLeast = std::numeric_limits<Q>::min();
  const size_t line_elems = s.w * s.ci, rows = s.n * s.ho, task_rows = rows_per_task(s);
  return run_tasks(pool, divide_up(rows, task_rows), [&](size_t task) {
    ScratchLayout layout;
    const auto line_slot = layout.add<Q>(line_elems);
    const Scratch scratch(layout);
    if (!scratch) return false;
    Q* const line = scratch[line_slot];
    for (size_t row = task * task_rows; row < std::min(rows, (task + 1) * task_rows); ++row) {
      const size_t n = row / s.ho, top = row % s.ho * s.sh;
      const Taps lines = taps_on_image(top, s.kh, s.pad_top, s.h);
      std::fill_n(line, line_elems, kLeast);
      for (size_t kh = lines.first; kh < lines.end; ++kh) take_max(line_elems, x + (n * s.h + top + kh - s.pad_top) * line_elems, line);
      Q* const out = y + row * s.wo * s.ci;
      std::fill_n(out, s.wo * s.ci, kLeast);
      for (size_t wo = 0; wo < s.wo; ++wo) {
        const Taps columns = taps_on_image(wo * s.sw, s.kw, s.pad_left, s.w);
        for (size_t kw = columns.first; kw < columns.end; ++kw)
          take_max(s.ci, line + (wo * s.sw + kw - s.pad_left) * s.ci, out + wo * s.ci);
      }
    }
    return true;
  });
}
template Status max_pool2d(ThreadPool&, const Conv2dShape&, const uint8_t*, uint8_t*);
template Status max_pool2d(ThreadPool&, const Conv2dShape&, const int16_t*, int16_t*);

void average_pool2d(ThreadPool& pool, const Conv2dShape& s, const float* x, float* y) {
  const float elements = static_cast<float>(s.kh * s.kw);
  reduce_windows(
      pool, s, x, y, 0.0f, [](float sum, float v) { return sum + v; }, [=](float sum) { return sum / elements; });
}
