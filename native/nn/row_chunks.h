// Sums over rows of [rows][channels], bit-identical for any number of threads: rows are cut into chunks by the shape alone, each chunk
// gives partial sums, and those are added up in order, in double.
//
// Where channels are few, `fold` rows side by side count as one wide row, so that vectors are full and additions need not wait for each
// other; adding up the chunks folds the columns again. Rows left over are a last chunk, one row that is less wide.
#pragma once
#include <algorithm>
#include <cstddef>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "../runtime/thread_pool.h"

struct RowChunk {
  size_t first;        // element it starts at
  size_t rows, width;  // width is a multiple of the channels
};

class RowChunks {
 public:
  RowChunks(size_t rows, size_t channels)
      : rows_(rows), channels_(channels), fold_(fit_count(kChunkWidth, channels)), whole_(divide_up(rows / fold_, kChunkRows)) {}

  size_t channels() const { return channels_; }
  size_t width() const { return fold_ * channels_; }
  size_t count() const { return whole_ + (rows_ % fold_ != 0); }
  RowChunk operator[](size_t i) const {
    if (i == whole_) return {rows_ / fold_ * width(), 1, rows_ % fold_ * channels_};
    return {i * kChunkRows * width(), std::min(kChunkRows, rows_ / fold_ - i * kChunkRows), width()};
  }

  // use(i, chunk) for every chunk, on all threads.
  template <class Use>
  void parallel(ThreadPool& pool, const Use& use) const {
    pool.parallel_for(count(), [&](size_t i) { use(i, (*this)[i]); });
  }

  // The same from the last chunk to the first: it begins with what the pass before has just left in the caches.
  template <class Use>
  void parallel_backwards(ThreadPool& pool, const Use& use) const {
    parallel(pool, [&](size_t i, const RowChunk&) { use(count() - 1 - i, (*this)[count() - 1 - i]); });
  }

  // use(weight, i, c) for the chunks in order: element i of partial sums [count][width] belongs to channel c and adds up `weight` rows.
  template <class Use>
  void each_partial(const Use& use) const {
    for (size_t chunk = 0; chunk < count(); ++chunk) {
      const RowChunk at = (*this)[chunk];
      for (size_t column = 0; column < at.width; column += channels_)
        for (size_t c = 0; c < channels_; ++c) use(static_cast<double>(at.rows), chunk * width() + column + c, c);
    }
  }

  // sums[c] of partial sums [count][width]
  void add_up(const double* partial, double* sums) const {
    std::fill(sums, sums + channels_, 0.0);
    each_partial([&](double, size_t i, size_t c) { sums[c] += partial[i]; });
  }

  // Fills [width] from its first [channels].
  void repeat(float* values) const {
    for (size_t i = channels_; i < width(); ++i) values[i] = values[i - channels_];
  }

 private:
  size_t rows_, channels_, fold_, whole_;
};
