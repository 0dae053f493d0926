#include "scratch.h"

#include "aligned_buffer.h"

namespace {
constexpr size_t kMostBytes = 1u << 30;
constexpr size_t kKeptBytes = 16u << 20;  // a larger block serves one task and goes with the next request

struct Block {
  AlignedBuffer<unsigned char> memory;
  size_t bytes = 0;
};
thread_local Block block;
}  // namespace

void* thread_scratch(size_t bytes) {
  if (bytes > kMostBytes) return nullptr;
  if (bytes > block.bytes || (block.bytes > kKeptBytes && bytes <= kKeptBytes)) {
    block.memory = AlignedBuffer<unsigned char>();
    block.memory = AlignedBuffer<unsigned char>(bytes);
    block.bytes = block.memory.ok() ? bytes : 0;
  }
  return block.memory.data();
}
