#include "scratch.h"

#include "aligned_buffer.h"
#include "block_sizes.h"

namespace {
struct Block {
  AlignedBuffer<unsigned char> memory;
  size_t bytes = 0;
};
thread_local Block block;
}  // namespace

void* thread_scratch(size_t bytes) {
  if (bytes > kMaxScratchBytes) return nullptr;
  if (bytes > block.bytes || (block.bytes > kKeptScratchBytes && bytes <= kKeptScratchBytes)) {
    block.memory = AlignedBuffer<unsigned char>();
    block.memory = AlignedBuffer<unsigned char>(bytes);
    block.bytes = block.memory.ok() ? bytes : 0;
  }
  return block.memory.data();
}
