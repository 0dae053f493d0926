// Winograd layers of integers, as sums, quantized numbers and floats.
#include "conv2d/winograd_integer.h"

#include "conv2d/winograd.h"
#include "integer_checks.h"
#include "reference/winograd.h"

namespace {
WinogradRounding random_rounding(Case& c) {
  WinogradRounding rounding;
  const bool any = c.bytes.flag();  // or such that bytes are used
  for (size_t p = 0; p < kWinogradPositions; ++p) {
    rounding.shifts[p] = static_cast<uint8_t>(c.random() % (any ? kMaxWinogradShift + 1 : 3));
    const int offset = static_cast<int>(c.random() >> 1);
    rounding.offsets[p] = static_cast<int16_t>(any ? kMinWinogradOffset + offset % (kMaxWinogradOffset - kMinWinogradOffset + 1)
                                                   : offset % 600 - (p == 5 ? 500 : 0));
  }
  return rounding;
}

template <class X>
void fuzz(Case& c, const char* sums_name, const char* quantized_name) {
  constexpr bool kBytes = std::is_same_v<X, uint8_t>;
  const Conv2dShape s = random_windows(c);
  const auto narrow = [](X v) { return static_cast<X>(kBytes ? v : v >> 2); };  // 13 bits and sign
  const auto x = map(c.integers<X>(s.x_elems), narrow), u = c.integers<X>(winograd_filter_elems(s));
  const X pad_value = narrow(static_cast<X>(c.random()));
  const WinogradRounding rounding = random_rounding(c);
  const auto constants = map(c.integers<int32_t>(4 * s.co), [](int32_t v) { return v >> 1; });
  const int32_t* const terms = c.bytes.flag() ? constants.data() : nullptr;
  Doubles sums(s.y_elems);
  reference_winograd_adder_conv2d(s, x.data(), u.data(), pad_value, kBytes ? &rounding : nullptr, terms, sums.data());
  // What is packed for one image runs for any number of them.
  const Conv2dShape packed_shape = c.bytes.flag() ? s : with_images(s, 1);
  const auto pack = [&](const KernelTable& kernels, ThreadPool& pool) {
    if constexpr (kBytes) return pack_winograd_adder_conv2d(kernels, pool, packed_shape, u.data(), pad_value, rounding, terms);
    else return pack_winograd_adder_conv2d(kernels, pool, packed_shape, u.data(), pad_value, terms);
  };
  if (c.bytes.flag()) return fuzz_rescaled(c, quantized_name, s, x, sums, pack);
  fuzz_sums(c, sums_name, s, sums, [&](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape&, int32_t* y) {
    const auto packed = pack(kernels, pool);
    return packed ? packed->run(pool, s.n, x.data(), y) : Status::kMemory;
  });
}
}  // namespace

void fuzz_winograd_integer(Case& c) {
  if (c.bytes.flag()) fuzz<uint8_t>(c, "winograd_adder_conv2d of bytes", "quantized winograd_adder_conv2d");
  else fuzz<int16_t>(c, "winograd_adder_conv2d of int16", "quantized winograd_adder_conv2d of int16");
}
