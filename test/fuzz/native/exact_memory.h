// Zeroed memory of exactly so many bytes: an access beyond its end ends the process, in any build and under emulation. It ends where a page
// ends, before one that must not be accessed. The address sanitizer sees that by itself, and more; Windows and WebAssembly have no mmap.
#pragma once
#include <cstddef>

class ExactMemory {
 public:
  explicit ExactMemory(size_t bytes);
  ~ExactMemory();
  ExactMemory(ExactMemory&& other) noexcept;
  ExactMemory& operator=(ExactMemory&&) = delete;
  void* data() const { return data_; }

 private:
  char* pages_;
  size_t length_;  // of the pages, with the last one
  void* data_;
};
