#include "k_blocks.h"

#include <algorithm>

#include "../runtime/round.h"

KBlocks cut_k(size_t segments, size_t segment_elems, size_t max_block_elems) {
  KBlocks k;
  const size_t parts = divide_up(segment_elems, max_block_elems);  // of a segment
  const size_t segments_per_block = fit_count(max_block_elems, segment_elems);
  k.segment_count = segments * parts;
  k.block_count = parts > 1 ? k.segment_count : divide_up(segments, segments_per_block);
  k.segments = AlignedBuffer<KSegment>(k.segment_count);
  k.blocks = AlignedBuffer<KBlock>(k.block_count);
  if (!k.ok()) return k;

  for (size_t s = 0; s < segments; ++s)
    for (size_t i = 0; i < parts; ++i) k.segments[s * parts + i] = {s, i * max_block_elems};
  for (size_t b = 0; b < k.block_count; ++b) {
    if (parts > 1) k.blocks[b] = {b, 1, std::min(max_block_elems, segment_elems - k.segments[b].start)};
    else k.blocks[b] = {b * segments_per_block, std::min(segments_per_block, segments - b * segments_per_block), segment_elems};
  }
  return k;
}
