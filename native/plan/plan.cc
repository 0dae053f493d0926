#include "plan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "../runtime/block_sizes.h"
#include "../runtime/round.h"
#include "arena.h"

namespace {

struct Slice {
  size_t first, count;
};

// Gives [0, images) to several threads in slices. They get smaller towards the end: a thread that has lost its core then holds few images,
// and the others compute the rest.
class Slices {
 public:
  Slices(size_t images, size_t threads, size_t max) : images_(images), shares_(2 * threads), max_(max) {}
  size_t largest() const { return size(images_); }
  // Its count is 0 where no image is left.
  Slice take() {
    size_t first = next_, count;
    do count = first < images_ ? size(images_ - first) : 0;
    while (count > 0 && !next_.compare_exchange_weak(first, first + count));
    return {first, count};
  }
  void stop() { next_ = images_; }

 private:
  size_t size(size_t left) const { return std::clamp<size_t>(left / shares_, 1, max_); }

  const size_t images_, shares_, max_;
  std::atomic<size_t> next_{0};
};
// By the bits of the exponent, which compilers look at a vector at a time.
bool all_finite(size_t n, const float* x) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t any = 0;
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    any |= (bits & kExponent) == kExponent;
  }
  return any == 0;
}
}  // namespace

Plan::Plan(const KernelTable& kernels, ThreadPool& pool, size_t input_elems)
    : kernels_(kernels), pool_(pool), input_{input_elems, DType::kF32} {}

size_t Plan::add(std::unique_ptr<Node> node, size_t x, size_t other) {
  nodes_.push_back({std::move(node), x, other});
  node_bytes_ += nodes_.back().node->bytes();
  return nodes_.size();
}

// An infinite input may be gone by the time that numbers are quantized: a ReLU makes -infinity 0. So a plan that quantizes looks at its
// input, where no node does.
Status Plan::finish(size_t output) {
  const auto quantizes = [](const PlacedNode& node) { return node.node->quantizes(); };
  const auto quantizes_input = [&](const PlacedNode& node) { return quantizes(node) && node.x == 0; };
  checks_input_ = std::any_of(nodes_.begin(), nodes_.end(), quantizes) && std::none_of(nodes_.begin(), nodes_.end(), quantizes_input);
  std::vector<Lifetime> lifetimes;
  for (size_t i = 0; i < nodes_.size(); ++i) lifetimes.push_back({value(i + 1).bytes(), i, i});
  for (size_t i = 0; i < nodes_.size(); ++i)
    for (const size_t read : {nodes_[i].x, nodes_[i].other})
      if (read != 0 && read != kNoValue) lifetimes[read - 1].last = i;
  if (output != 0) lifetimes[output - 1].bytes = 0;  // lies with the caller
  ArenaLayout layout;
  const Status status = assign_offsets(lifetimes, &layout);
  if (status != Status::kOk) return status;
  layout.offsets.insert(layout.offsets.begin(), 0);
  offsets_ = std::move(layout.offsets);
  arena_bytes_per_image_ = layout.bytes;
  output_ = output;
  return Status::kOk;
}

Status Plan::run(size_t n, const float* x, float* y) {
  const size_t threads = pool_.threads();
  const size_t sliced = threads == 1 || image_bytes() > kMaxSlicedImageBytes ? 0 : n / threads * threads;
  const Status status = sliced ? run_slices({sliced, x, y}, threads) : Status::kOk;
  if (status != Status::kOk || sliced == n) return status;
  return run_parts({n - sliced, x + sliced * input_elems(), y + sliced * output_elems()}, nullptr);
}

Status Plan::profile(size_t n, const float* x, float* y, const NodeTimes& times) {
  std::fill_n(times.seconds, node_count(), 0.0);
  return run_parts({n, x, y}, &times);
}

Status Plan::run_slices(const Images& all, size_t threads) {
  Slices slices(all.n, threads, images_in(kMaxSliceBytes));
  const size_t arena_bytes = slices.largest() * arena_bytes_per_image_;
  if (!reserve(threads * arena_bytes)) return Status::kMemory;
  std::atomic<Status> failure{Status::kOk};
  pool_.parallel_for(threads, [&](size_t thread) {
    ThreadPool alone(1);
    for (Slice slice = slices.take(); slice.count > 0; slice = slices.take()) {
      const Status status = run_nodes(part_of(all, slice.first, slice.count), alone, arena_.data() + thread * arena_bytes, nullptr);
      if (status == Status::kOk) continue;
      failure = status;
      slices.stop();
    }
  });
  return failure;
}

Status Plan::run_parts(const Images& all, const NodeTimes* times) {
  const size_t part = divide_up(all.n, divide_up(all.n, max_part()));
  if (!reserve(part * arena_bytes_per_image_)) return Status::kMemory;
  for (size_t first = 0; first < all.n; first += part) {
    const Status status = run_nodes(part_of(all, first, std::min(part, all.n - first)), pool_, arena_.data(), times);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

Status Plan::run_nodes(const Images& images, ThreadPool& pool, unsigned char* arena, const NodeTimes* times) const {
  const size_t n = images.n;
  if (checks_input_ && !all_finite(n * input_elems(), images.x)) return Status::kNotFinite;
  const auto place = [&](size_t value) -> void* {
    if (value == output_) return images.y;
    return arena + n * offsets_[value];
  };
  const auto input = [&](size_t value) -> Value {
    if (value == kNoValue) return {nullptr, DType::kF32};
    return {value == 0 ? images.x : static_cast<const void*>(place(value)), this->value(value).dtype};
  };
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const auto& [node, x, other] = nodes_[i];
    const double start = times ? times->now() : 0;
    const Status status = node->run({kernels_, pool, n, input(x), input(other), {place(i + 1), node->output().dtype}});
    if (status != Status::kOk) return status;
    if (times) times->seconds[i] += times->now() - start;
  }
  if (output_ == 0) std::copy_n(images.x, n * input_elems(), images.y);
  return Status::kOk;
}

Plan::Images Plan::part_of(const Images& all, size_t first, size_t n) const {
  return {n, all.x + first * input_elems(), all.y + first * output_elems()};
}

size_t Plan::image_bytes() const { return std::max<size_t>(arena_bytes_per_image_, 1); }
size_t Plan::images_in(size_t bytes) const { return fit_count(bytes, image_bytes()); }

size_t Plan::max_part() const { return images_in(pool_.threads() == 1 ? kMaxSliceBytes : kMaxPartBytes); }

bool Plan::reserve(size_t bytes) {
  if (bytes <= arena_.bytes()) return true;
  arena_ = AlignedBuffer<unsigned char>();
  arena_ = AlignedBuffer<unsigned char>(bytes);
  arena_bytes_ = arena_.bytes();
  return arena_.ok();
}
