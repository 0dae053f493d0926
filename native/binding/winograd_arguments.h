// What Winograd adder layers of integers take, as arguments: filters, padValue, offsets and shifts of bytes, constants?. Arrays are copied
// where they are checked: another thread may change a SharedArrayBuffer between two looks at it.
#pragma once
#include <vector>

#include "../conv2d/winograd.h"
#include "../conv2d/winograd_integer.h"
#include "args.h"

inline void check_winograd(const Argument& geometry, const Conv2dShape& s) {
  if (!fits_winograd(s)) geometry.fail("ERR_ARGUMENT", "is not that of 3x3 windows at stride 1, with dilation 1 and one group");
}

template <class X>
struct WinogradArguments {
  WinogradArguments(const NamedArguments& args, const Conv2dShape& s)
      : filters(args["filters"].array<const X>(winograd_filter_elems(s))), pad_value(args["padValue"].integer<X>()) {
    if constexpr (kBytes) {
      const auto offsets = args["offsets"].array<const int16_t>(kWinogradPositions);
      const auto shifts = args["shifts"].array<const uint8_t>(kWinogradPositions);
      std::copy_n(offsets.data, kWinogradPositions, rounding.offsets);
      std::copy_n(shifts.data, kWinogradPositions, rounding.shifts);
      check(args["offsets"], rounding.offsets, kMinWinogradOffset, kMaxWinogradOffset);
      check(args["shifts"], rounding.shifts, 0, kMaxWinogradShift);
      if (s.ci > max_winograd_bytes(*std::max_element(std::begin(rounding.shifts), std::end(rounding.shifts)))) args.check(Status::kShape);
    } else {
      for (const char* name : {"offsets", "shifts"})
        if (!args[name].absent()) args[name].fail("ERR_ARGUMENT", "is of bytes alone");
      if (pad_value < kMinWinogradInput || pad_value > kMaxWinogradInput)
        args["padValue"].fail("ERR_ARGUMENT", "is not of 13 bits and sign");
      if (s.ci > kMaxWinogradShorts) args.check(Status::kShape);
    }
    const auto given = args["constants"].optional_array<const int32_t>(4 * s.co);
    constants.assign(given.data, given.data + given.length);
    check(args["constants"], constants, -kMaxWinogradConstant, kMaxWinogradConstant);
  }

  const WinogradRounding* rounding_or_null() const { return kBytes ? &rounding : nullptr; }
  const int32_t* constants_or_null() const { return constants.empty() ? nullptr : constants.data(); }

  std::unique_ptr<PackedIntegerConv2d<X>> pack(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s) const {
    if constexpr (kBytes) return pack_winograd_adder_conv2d(kernels, pool, s, filters.data, pad_value, rounding, constants_or_null());
    else return pack_winograd_adder_conv2d(kernels, pool, s, filters.data, pad_value, constants_or_null());
  }

  View<const X> filters;
  X pad_value;
  WinogradRounding rounding = {};
  std::vector<int32_t> constants;

 private:
  static constexpr bool kBytes = std::is_same_v<X, uint8_t>;
  template <class Numbers>
  static void check(const Argument& argument, const Numbers& numbers, int min, int max) {
    for (const int v : numbers)
      if (v < min || v > max)
        argument.fail("ERR_ARGUMENT",
                      "holds " + std::to_string(v) + ", expected integers from " + std::to_string(min) + " to " + std::to_string(max));
  }
};
