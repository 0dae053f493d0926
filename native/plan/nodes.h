// The nodes of a plan: each is one operation, and makes one value from one or two others, for any number of images.
#pragma once
#include <memory>

#include "../conv2d/conv2d.h"
#include "../conv2d/conv_kind.h"
#include "../conv2d/integer.h"
#include "../nn/symmetric_pad.h"
#include "value.h"

struct NodeRun {
  const KernelTable& kernels;
  ThreadPool& pool;
  size_t n;  // images
  Value x;
  Value other;     // residual or second addend
  MutableValue y;  // overlaps neither
};

class Node {
 public:
  explicit Node(const ValueType& output) : output_(output) {}
  virtual ~Node() = default;
  virtual Status run(const NodeRun& run) const = 0;
  // The size of what the node keeps: packed filters and the like.
  virtual size_t bytes() const { return 0; }
  // Whether it could have that memory.
  virtual bool ok() const { return true; }
  // Whether what it reads must be finite.
  virtual bool quantizes() const { return false; }
  const ValueType& output() const { return output_; }

 private:
  const ValueType output_;
};

// All of these are null if memory is out. Arrays are copied; shapes are those of one image.

std::unique_ptr<Node> make_conv2d_node(const KernelTable& kernels, ThreadPool& pool, ConvKind kind, const Conv2dShape& s,
                                       const float* filters, const Epilogue& epilogue);

// How a node that reads quantized numbers of type X, uint8_t or int16_t, ends: as a packed integer convolution does (conv2d/integer.h).
template <class X>
struct QuantizedEpilogue {
  const float *scale, *shift;  // [co]
  float residual_scale;        // of a residual of type X
  bool to_floats;              // or to type X
  QuantizedRange<X> range;     // of type X
  Activation activation;       // of floats
};
template <class X>
std::unique_ptr<Node> make_quantized_conv2d_node(std::unique_ptr<PackedIntegerConv2d<X>> packed, const Conv2dShape& s,
                                                 const QuantizedEpilogue<X>& epilogue);

// From and to values of one type.
std::unique_ptr<Node> make_max_pool_node(const Conv2dShape& s, DType dtype);
std::unique_ptr<Node> make_average_pool_node(const Conv2dShape& s);
std::unique_ptr<Node> make_symmetric_pad_node(const SymmetricPadSize& s);
// y = activation((x - mean) * scale + shift (+ other)), over `rows` rows of `channels` each
std::unique_ptr<Node> make_normalize_node(size_t rows, size_t channels, const float* mean, const float* scale, const float* shift,
                                          const Activation& activation);
std::unique_ptr<Node> make_activate_node(size_t elems, const Activation& activation);
std::unique_ptr<Node> make_add_node(size_t elems);
// y = clamp(rne(x / scale + zero_point), range), of type Q, uint8_t or int16_t; a run is kNotFinite where an x is not
template <class Q>
std::unique_ptr<Node> make_quantize_node(size_t elems, const Quantization<Q>& to);
