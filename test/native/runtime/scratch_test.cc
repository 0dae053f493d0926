#include "check.h"
#include "runtime/scratch_layout.h"

TEST(scratch, "scratch memory is kept between calls, and refused beyond a gigabyte") {
  void* const first = thread_scratch(1000);
  CHECK(first && reinterpret_cast<uintptr_t>(first) % 64 == 0);
  CHECK(thread_scratch(10) == first);
  CHECK(thread_scratch((size_t{1} << 30) + 1) == nullptr);
}

TEST(scratch_arrays, "arrays in scratch memory are aligned and do not overlap") {
  for (int round = 0; round < 200; ++round) {
    const size_t floats = t.integer(0, 100), pointers = t.integer(0, 100), bytes = t.integer(0, 100), doubles = t.integer(0, 100);
    ScratchLayout layout;
    const auto float_slot = layout.add<float>(floats);
    const auto pointer_slot = layout.add<const float*>(pointers);
    const auto byte_slot = layout.add<unsigned char>(bytes);
    const auto double_slot = layout.add<double>(doubles);
    const Scratch scratch(layout);
    CHECK(static_cast<bool>(scratch));
    const auto address = [](const void* p) { return reinterpret_cast<uintptr_t>(p); };
    const uintptr_t starts[] = {address(scratch[float_slot]), address(scratch[pointer_slot]), address(scratch[byte_slot]),
                                address(scratch[double_slot])};
    const size_t sizes[] = {floats * sizeof(float), pointers * sizeof(const float*), bytes, doubles * sizeof(double)};
    for (size_t i = 0; i < 4; ++i) {
      CHECK(starts[i] % 64 == 0);
      CHECK(starts[i] + sizes[i] <= (i < 3 ? starts[i + 1] : starts[0] + layout.bytes()));
    }
  }
}

TEST(scratch_empty, "a layout of nothing has memory") {
  ScratchLayout layout;
  const auto slot = layout.add<float>(0);
  const Scratch scratch(layout);
  CHECK(scratch && scratch[slot]);
}

TEST(scratch_overflow, "a layout whose size overflows has no memory") {
  const size_t max = SIZE_MAX;
  for (const size_t count : {max, max / 2, max / sizeof(double), max / sizeof(double) - 20}) {
    ScratchLayout layout;
    layout.add<double>(100);
    layout.add<double>(count);
    layout.add<double>(1);
    layout.add<unsigned char>(SIZE_MAX);
    CHECK(!Scratch(layout));
  }
}
