// A network compiled for images of one size: nodes in order over one arena, the whole pass in one call, for any number of images.
//
//   value 0             the input, the caller's memory
//   values 1, 2, ...    what the nodes make, in the arena by their lifetimes (arena.h); the output is the caller's memory again
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "../runtime/aligned_buffer.h"
#include "nodes.h"

constexpr size_t kNoValue = SIZE_MAX;

// How long each node takes, by a clock of the caller's: WebAssembly has none.
struct NodeTimes {
  double (*now)();  // in seconds
  double* seconds;  // [node_count]
};

class Plan {
 public:
  // The table and the pool outlive the plan. Sizes are those of one image.
  Plan(const KernelTable& kernels, ThreadPool& pool, size_t input_elems);

  // The value that a new node makes from x, and from `other` where it has one. std::bad_alloc leaves the plan as it was, as in finish.
  size_t add(std::unique_ptr<Node> node, size_t x, size_t other = kNoValue);
  // No node comes after this. The output is one of floats. kShape, which leaves the plan as it was, if the values of one image take more
  // than kMaxArenaBytes (arena.h).
  Status finish(size_t output);

  size_t node_count() const { return nodes_.size(); }
  size_t value_count() const { return nodes_.size() + 1; }
  const ValueType& value(size_t i) const { return i == 0 ? input_ : nodes_[i - 1].node->output(); }
  bool finished() const { return output_ != kNoValue; }
  size_t input_elems() const { return input_.elems; }
  size_t output_elems() const { return value(output_).elems; }

  // x [n][input elems], y [n][output elems]; y overlaps nothing. One run at a time, which is the caller's to see to. Where there are as
  // many images as threads, each thread computes whole images, so that no thread waits for another at every layer; the rest is shared layer
  // by layer.
  Status run(size_t n, const float* x, float* y);
  // The same results, and the time of each node. On one thread that is run itself, and the clock; on
  // several, all of them share every node, of as many images at a time as where images are fewer than threads.
  Status profile(size_t n, const float* x, float* y, const NodeTimes& times);
  // The size of what the nodes keep and of the arena, which grows with n up to a limit and stays.
  size_t bytes() const { return node_bytes_ + arena_bytes_; }

  const KernelTable& kernels() const { return kernels_; }
  ThreadPool& pool() const { return pool_; }

 private:
  struct PlacedNode {
    std::unique_ptr<Node> node;
    size_t x, other;  // values; other may be kNoValue
  };

  struct Images {
    size_t n;
    const float* x;
    float* y;
  };
  // Each thread computes images of its own from end to end; n is a multiple of `threads`.
  Status run_slices(const Images& all, size_t threads);
  // All threads compute the same layer of at most max_part() images. The seconds of each node are added up where `times` is not null.
  Status run_parts(const Images& all, const NodeTimes* times);
  Status run_nodes(const Images& images, ThreadPool& pool, unsigned char* arena, const NodeTimes* times) const;
  Images part_of(const Images& all, size_t first, size_t n) const;

  // Sizes of the arena.
  size_t image_bytes() const;
  size_t images_in(size_t bytes) const;
  size_t max_part() const;
  bool reserve(size_t bytes);

  const KernelTable& kernels_;
  ThreadPool& pool_;
  const ValueType input_;
  std::vector<PlacedNode> nodes_;  // node i makes value i + 1
  size_t output_ = kNoValue;
  bool checks_input_ = false;    // see finish
  std::vector<size_t> offsets_;  // of each value in the arena, in bytes, for one image
  size_t arena_bytes_per_image_ = 0;
  size_t node_bytes_ = 0;
  AlignedBuffer<unsigned char> arena_;
  std::atomic<size_t> arena_bytes_{0};
};
