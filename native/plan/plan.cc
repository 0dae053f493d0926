#include "plan.h"

#include <algorithm>
#include <utility>

#include "arena.h"

namespace {
// Images that one thread takes through the network together keep their values in its second-level cache, which saves 3 to 6 %.
constexpr size_t kMostSliceBytes = 512 << 10;
// Larger images are not left to one thread each: as many of them as there are threads would take too much memory.
constexpr size_t kMostImageBytes = 8 << 20;
// Where all threads work on the same layer, this much has tasks enough for them.
constexpr size_t kMostPartBytes = 16 << 20;

size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

struct Slice {
  size_t first, count;
};

// Hands out [0, images) to several threads, in slices that shrink towards the end: a thread that has lost its core then holds few images
// while the others do the rest.
class Slices {
 public:
  Slices(size_t images, size_t threads, size_t most) : images_(images), shares_(2 * threads), most_(most) {}
  size_t largest() const { return size(images_); }
  // None is left where count is 0.
  Slice take() {
    size_t first = next_, count;
    do count = first < images_ ? size(images_ - first) : 0;
    while (count > 0 && !next_.compare_exchange_weak(first, first + count));
    return {first, count};
  }
  void stop() { next_ = images_; }

 private:
  size_t size(size_t left) const { return std::clamp<size_t>(left / shares_, 1, most_); }

  const size_t images_, shares_, most_;
  std::atomic<size_t> next_{0};
};
}  // namespace

Plan::Plan(const KernelTable& kernels, ThreadPool& pool, size_t input_elems)
    : kernels_(kernels), pool_(pool), elems_{input_elems}, numbers_{Numbers::kFloats} {}

size_t Plan::add(std::unique_ptr<Step> step, size_t x, size_t other, size_t output_elems, Numbers output_numbers) {
  step_bytes_ += step->bytes();
  nodes_.push_back({std::move(step), x, other});
  elems_.push_back(output_elems);
  numbers_.push_back(output_numbers);
  return elems_.size() - 1;
}

void Plan::finish(size_t output) {
  output_ = output;
  std::vector<Lifetime> lifetimes;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const size_t elems = elems_[i + 1];  // the arena counts in floats
    lifetimes.push_back({numbers_[i + 1] == Numbers::kBytes ? divide_up(elems, sizeof(float)) : elems, i, i});
  }
  for (size_t i = 0; i < nodes_.size(); ++i)
    for (const size_t read : {nodes_[i].x, nodes_[i].other})
      if (read != 0 && read != kNoValue) lifetimes[read - 1].last = i;
  if (output != 0) lifetimes[output - 1].elems = 0;  // lies with the caller
  const ArenaLayout layout = lay_out(lifetimes);
  offsets_ = layout.offsets;
  offsets_.insert(offsets_.begin(), 0);
  arena_elems_ = layout.elems;
}

Status Plan::run(size_t n, const float* x, float* y) {
  const std::lock_guard<std::mutex> lock(running_);
  const size_t threads = pool_.threads(), image_bytes = std::max<size_t>(arena_elems_ * sizeof(float), 1);
  const auto images_of = [&](size_t bytes) { return std::max<size_t>(bytes / image_bytes, 1); };
  const size_t sliced = threads == 1 || image_bytes > kMostImageBytes ? 0 : n / threads * threads, rest = n - sliced;
  Slices slices(sliced, threads, images_of(kMostSliceBytes));
  const size_t part = rest ? divide_up(rest, divide_up(rest, images_of(threads == 1 ? kMostSliceBytes : kMostPartBytes))) : 0;
  if (!reserve(std::max(sliced ? threads * slices.largest() : 0, part))) return Status::kMemory;

  const auto run_images = [&](ThreadPool& pool, float* arena, const Slice& images) {
    return run_steps({pool, arena, images.count, x + images.first * elems_[0], y + images.first * output_elems()});
  };
  if (sliced) {  // nobody waits for anybody at every layer
    std::atomic<Status> failure{Status::kOk};
    pool_.parallel_for(threads, [&](size_t place) {
      ThreadPool alone(1);
      float* const arena = arena_.data() + place * slices.largest() * arena_elems_;
      for (Slice images = slices.take(); images.count > 0; images = slices.take()) {
        const Status status = run_images(alone, arena, images);
        if (status == Status::kOk) continue;
        failure = status;
        slices.stop();
      }
    });
    if (failure != Status::kOk) return failure;
  }
  for (size_t first = sliced; first < n; first += part) {  // fewer than threads, which share each layer
    const Status status = run_images(pool_, arena_.data(), {first, std::min(part, n - first)});
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

bool Plan::reserve(size_t images) {
  const size_t elems = images * arena_elems_;
  if (elems * sizeof(float) <= arena_.bytes()) return true;
  arena_ = AlignedBuffer<float>();
  arena_ = AlignedBuffer<float>(elems);
  arena_bytes_ = arena_.bytes();
  return arena_.ok();
}

Status Plan::run_steps(const Images& r) const {
  const auto place = [&](size_t value) { return value == output_ ? r.y : r.arena + r.n * offsets_[value]; };
  const auto input = [&](size_t value) { return value == 0 ? r.x : place(value); };
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    const float* const other = node.other == kNoValue ? nullptr : input(node.other);
    const Status status = node.step->run({kernels_, r.pool, r.n, input(node.x), other, place(i + 1)});
    if (status != Status::kOk) return status;
  }
  if (output_ == 0) std::copy(r.x, r.x + r.n * elems_[0], r.y);
  return Status::kOk;
}
