#include "bias_grad.h"

#include "../runtime/scratch.h"
#include "row_chunks.h"

Status bias_grad(const KernelTable& kernels, ThreadPool& pool, size_t rows, size_t channels, const float* gy, float* gbias) {
  const size_t chunks = row_chunks(rows);
  auto* const partial = static_cast<double*>(thread_scratch((chunks + 1) * channels * sizeof(double)));
  if (!partial) return Status::kMemory;
  double* const sum = partial + chunks * channels;
  each_row_chunk(pool, rows, channels, [&](size_t chunk, size_t first, size_t count) {
    kernels.training.column_sums(count, channels, gy + first, partial + chunk * channels);
  });
  add_chunks(chunks, channels, partial, sum);
  for (size_t c = 0; c < channels; ++c) gbias[c] = static_cast<float>(sum[c]);
  return Status::kOk;
}
