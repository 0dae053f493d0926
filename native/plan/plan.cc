#include "plan.h"

#include <algorithm>
#include <utility>

#include "arena.h"

namespace {
// A large batch runs in parts whose values fit this much memory: the second-level cache for one thread, which saves 3 to 6 %; several would
// find too few tasks in parts that small.
constexpr size_t kMostArenaBytes = 16 << 20, kMostArenaBytesOfOneThread = 512 << 10;

size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
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
  const size_t most_bytes = pool_.threads() == 1 ? kMostArenaBytesOfOneThread : kMostArenaBytes;
  const size_t most = std::max<size_t>(most_bytes / sizeof(float) / std::max<size_t>(arena_elems_, 1), 1);
  const size_t part = divide_up(n, divide_up(n, most)), bytes = part * arena_elems_ * sizeof(float);
  if (bytes > arena_.bytes()) {
    arena_ = AlignedBuffer<float>();
    arena_ = AlignedBuffer<float>(part * arena_elems_);
    arena_bytes_ = arena_.bytes();
    if (!arena_.ok()) return Status::kMemory;
  }
  for (size_t first = 0; first < n; first += part) {
    const Status status = run_part(std::min(part, n - first), x + first * elems_[0], y + first * output_elems());
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

Status Plan::run_part(size_t n, const float* x, float* y) {
  const auto place = [&](size_t value) { return value == output_ ? y : arena_.data() + n * offsets_[value]; };
  const auto input = [&](size_t value) { return value == 0 ? x : place(value); };
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    const float* const other = node.other == kNoValue ? nullptr : input(node.other);
    const Status status = node.step->run({kernels_, pool_, n, input(node.x), other, place(i + 1)});
    if (status != Status::kOk) return status;
  }
  if (output_ == 0) std::copy(x, x + n * elems_[0], y);
  return Status::kOk;
}
