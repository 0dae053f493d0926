// k is cut into blocks so that a panel's part stays in the second-level cache, and because a float sum over more than about a thousand
// elements loses digits.
#pragma once
#include "../runtime/aligned_buffer.h"
#include "../runtime/block_sizes.h"

// k consists of contiguous segments of the same length, as a window does. A block is either a few whole ones or a part of one.
struct KSegment {
  size_t source, start;  // elements [start, start + segment_elems) of segment `source` of k
};
struct KBlock {
  size_t first_segment, segments, segment_elems;
};
struct KBlocks {
  AlignedBuffer<KBlock> blocks;
  AlignedBuffer<KSegment> segments;
  size_t block_count = 0, segment_count = 0;
  bool ok() const { return blocks.ok() && segments.ok(); }
};
KBlocks cut_k(size_t segments, size_t segment_elems, size_t max_block_elems = kMaxBlockElems);
