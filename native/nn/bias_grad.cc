#include "bias_grad.h"

#include "../runtime/scratch_layout.h"
#include "row_chunks.h"

Status bias_grad(const KernelTable& kernels, ThreadPool& pool, size_t rows, size_t channels, const float* gy, float* gbias) {
  const RowChunks chunks(rows, channels);
  const size_t width = chunks.width();
  ScratchLayout layout;
  const auto partial_slot = layout.add<double>(chunks.count() * width), sum_slot = layout.add<double>(channels);
  const Scratch scratch(layout);
  if (!scratch) return Status::kMemory;
  double *const partial = scratch[partial_slot], *const sum = scratch[sum_slot];
  chunks.parallel(pool, [&](size_t i, const RowChunk& chunk) {
    kernels.training.channel_sums(chunk.rows, chunk.width, gy + chunk.first, partial + i * width);
  });
  chunks.add_up(partial, sum);
  for (size_t c = 0; c < channels; ++c) gbias[c] = static_cast<float>(sum[c]);
  return Status::kOk;
}
