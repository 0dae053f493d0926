// Integer convolutions forward, exact. x [n][h][w][ci], w [co][kh][kw][ci/groups], y [n][ho][wo][co]; y overlaps nothing. Padding reads
// `pad_value`, a number like those of x: the zero point where numbers are quantized.
#pragma once
#include <memory>

#include "../kernels/kernel_table.h"
#include "../runtime/thread_pool.h"
#include "shape.h"

// The most elements of a filter whose sum is sure to fit int32.
constexpr size_t kMaxL1Bytes = INT32_MAX / 255, kMaxL1Shorts = INT32_MAX / 65535, kMaxDotBytes = INT32_MAX / (255 * 128);

// A convolution with its filters packed once, for any number of images of one size. X is the type of x. Sums are exact, and their
// rescaling is defined bit by bit (quantize_kernels.h): every table, number of threads and number of images gives the same result.
template <class X>
class PackedIntegerConv2d {
 public:
  virtual ~PackedIntegerConv2d() = default;
  // y = sum
  virtual Status run(ThreadPool& pool, size_t n, const X* x, int32_t* y) const = 0;
  // y = clamp(rne(v), range), where v is the sum rescaled
  virtual Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const QuantizedRange<X>& range, X* y) const = 0;
  // y = activation(v)
  virtual Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const Activation& activation,
                     float* y) const = 0;
  virtual size_t bytes() const = 0;
};

// The sum is - sum |x - w|. Where it is centered, it is less floor(sum of the sums of its pixel / co + 1/2). Filters have at most
// kMaxL1Bytes or kMaxL1Shorts elements. Null if memory is out. The table outlives what is packed; w is copied. The shape's n is the number
// of images to choose tiles for.
std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                const uint8_t* w, uint8_t padding, bool centered = false);
std::unique_ptr<PackedIntegerConv2d<int16_t>> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                const int16_t* w, int16_t padding, bool centered = false);
// The sum is sum x * w, and filters have at most kMaxDotBytes elements. `seven_bits` promises weights in [-64, 63].
std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                               const int8_t* w, uint8_t padding, bool seven_bits);

// y = - sum |x - w|; kShape if a filter is longer than kMaxL1Bytes or kMaxL1Shorts
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const uint8_t* x, const uint8_t* w, uint8_t padding,
                    int32_t* y);
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const int8_t* x, const int8_t* w, int8_t pad_value,
                    int32_t* y);
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const int16_t* x, const int16_t* w,
                    int16_t pad_value, int32_t* y);
// y = sum x * w, for the CNN baseline; kShape if a filter is longer than kMaxDotBytes. `seven_bits` promises weights in [-64, 63].
Status int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const uint8_t* x, const int8_t* w, uint8_t padding,
                   bool seven_bits, int32_t* y);
