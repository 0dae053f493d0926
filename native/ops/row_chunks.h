// Sums over rows of [rows][channels], the same bits for any number of threads: rows are cut into chunks by their number alone, each chunk
// gives partial sums, and those are added up in order, in double.
#pragma once
#include <algorithm>
#include <cstddef>

#include "../runtime/thread_pool.h"

constexpr size_t kChunkRows = 256;  // rows that a kernel sums in float32

inline size_t row_chunks(size_t rows) { return (rows + kChunkRows - 1) / kChunkRows; }
inline size_t rows_of_chunk(size_t rows, size_t chunk) { return std::min(kChunkRows, rows - chunk * kChunkRows); }

// use(chunk, first element, rows of the chunk) for every chunk.
template <class Use>
void each_row_chunk(ThreadPool& pool, size_t rows, size_t channels, const Use& use) {
  constexpr size_t kTaskElems = 32 << 10;
  const size_t chunks_per_task = std::max<size_t>(kTaskElems / (kChunkRows * channels), 1);
  pool.parallel_chunks(row_chunks(rows), chunks_per_task, [&](size_t first, size_t count) {
    for (size_t chunk = first; chunk < first + count; ++chunk) use(chunk, chunk * kChunkRows * channels, rows_of_chunk(rows, chunk));
  });
}

// sums[i] = sum over chunks of partial[chunk][i], i < n
inline void add_chunks(size_t chunks, size_t n, const double* partial, double* sums) {
  std::copy(partial, partial + n, sums);
  for (size_t chunk = 1; chunk < chunks; ++chunk)
    for (size_t i = 0; i < n; ++i) sums[i] += partial[chunk * n + i];
}
