#include "gemm/k_blocks.h"

#include "check.h"

TEST(k_blocks, "cut_k covers every element of k once, in order") {
  for (int round = 0; round < 500; ++round) {
    const size_t segments = t.integer(1, 30), segment_elems = t.integer(1, 100), max_block_elems = t.integer(1, 120);
    const KBlocks k = cut_k(segments, segment_elems, max_block_elems);
    CHECK(k.ok());
    size_t source = 0, start = 0, segment = 0;
    for (size_t b = 0; b < k.block_count; ++b) {
      const KBlock& block = k.blocks[b];
      CHECK(block.first_segment == segment);
      CHECK(block.segments * block.segment_elems <= max_block_elems);
      for (size_t i = 0; i < block.segments; ++i, ++segment) {
        CHECK(k.segments[segment].source == source && k.segments[segment].start == start);
        start += block.segment_elems;
        CHECK(start <= segment_elems);
        if (start == segment_elems) ++source, start = 0;
      }
    }
    CHECK(segment == k.segment_count && source == segments && start == 0);
  }
}
