#include "scratch.h"

#include <new>

#include "block_sizes.h"

namespace {
// Neither has a destructor that runs at a thread's end, nor is its place allocated when it is first used: for both, glibc takes memory, and
// ends the process where there is none. musl has that place from a thread's start, and knows no other model.
#ifdef __GLIBC__
#define ADDERNET_TLS __attribute__((tls_model("initial-exec"))) thread_local
#else
#define ADDERNET_TLS thread_local
#endif
struct Block {
  void* memory;
  size_t bytes;
};
ADDERNET_TLS Block block = {nullptr, 0};
constexpr std::align_val_t kAlign{64};
}  // namespace

void* thread_scratch(size_t bytes) {
  if (bytes > kMaxScratchBytes) return nullptr;
  if (bytes > block.bytes || (block.bytes > kKeptScratchBytes && bytes <= kKeptScratchBytes)) {
    free_thread_scratch();
    block.memory = ::operator new(bytes, kAlign, std::nothrow);
    block.bytes = block.memory ? bytes : 0;
  }
  return block.memory;
}

void free_thread_scratch() {
  ::operator delete(block.memory, kAlign);
  block = {nullptr, 0};
}
