// Plain loops in baseline code: memory bounds their speed, and the result is bit-identical on every instruction set.
#include "bias_grad.h"

#include <algorithm>

#include "../runtime/scratch_layout.h"
#include "row_chunks.h"

Status bias_grad(ThreadPool& pool, size_t rows, size_t channels, const float* gy, float* gbias) {
  const RowChunks chunks(rows, channels);
  const size_t width = chunks.width();
  ScratchLayout layout;
  const auto partial_slot = layout.add<double>(chunks.count() * width), sum_slot = layout.add<double>(channels);
  const Scratch scratch(layout);
  if (!scratch) return Status::kMemory;
  double *const partial = scratch[partial_slot], *const sum = scratch[sum_slot];
  chunks.parallel(pool, [&](size_t i, const RowChunk& chunk) {
    double* __restrict const sums = partial + i * width;
    const float* row = gy + chunk.first;
    std::fill(sums, sums + chunk.width, 0.0);
    for (size_t r = 0; r < chunk.rows; ++r, row += chunk.width)
      for (size_t c = 0; c < chunk.width; ++c) sums[c] += row[c];
  });
  chunks.add_up(partial, sum);
  for (size_t c = 0; c < channels; ++c) gbias[c] = static_cast<float>(sum[c]);
  return Status::kOk;
}
