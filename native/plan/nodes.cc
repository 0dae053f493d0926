#include "nodes.h"

#include <algorithm>
#include <new>
#include <utility>

#include "../conv2d/winograd.h"
#include "../conv2d/xnor.h"
#include "../nn/elementwise.h"
#include "../nn/pool.h"
#include "../nn/quantize.h"
#include "../runtime/make_if_ok.h"

namespace {
template <class N, class... Args>
std::unique_ptr<Node> make_node(Args&&... args) {
  return make_if_ok<N>(std::forward<Args>(args)...);
}

class Conv2dNode : public Node {
 public:
  Conv2dNode(std::unique_ptr<PackedConv2d> packed, const Conv2dShape& s) : Node({s.y_elems, DType::kF32}), packed_(std::move(packed)) {}
  Status run(const NodeRun& r) const override { return packed_->run({r.pool, r.n, r.x.f32(), r.other.f32(), r.y.f32()}); }
  size_t bytes() const override { return packed_->bytes(); }

 private:
  const std::unique_ptr<PackedConv2d> packed_;
};

template <class X>
class QuantizedConv2dNode : public Node {
 public:
  QuantizedConv2dNode(std::unique_ptr<PackedIntegerConv2d<X>> packed, const Conv2dShape& s, const QuantizedEpilogue<X>& epilogue)
      : Node({s.y_elems, epilogue.to_floats ? DType::kF32 : kDTypeOf<X>}),
        packed_(std::move(packed)),
        channels_(s.co),
        residual_scale_(epilogue.residual_scale),
        range_(epilogue.range),
        activation_(epilogue.activation),
        factors_(2 * s.co) {
    if (!ok()) return;
    std::copy_n(epilogue.scale, channels_, factors_.data());
    std::copy_n(epilogue.shift, channels_, factors_.data() + channels_);
  }
  bool ok() const final { return factors_.ok(); }
  size_t bytes() const override { return packed_->bytes() + factors_.bytes(); }
  Status run(const NodeRun& r) const override {
    Rescaling<X> rescaling = {factors_.data(), factors_.data() + channels_, nullptr, nullptr, residual_scale_};
    if (r.other.dtype == DType::kF32) rescaling.residual_floats = r.other.f32();
    else rescaling.residual = r.other.as<X>();
    const X* const x = r.x.as<X>();
    if (output().dtype == DType::kF32) return packed_->run(r.pool, r.n, x, rescaling, activation_, r.y.f32());
    return packed_->run(r.pool, r.n, x, rescaling, range_, r.y.as<X>());
  }

 private:
  const std::unique_ptr<PackedIntegerConv2d<X>> packed_;
  const size_t channels_;
  const float residual_scale_;
  const QuantizedRange<X> range_;
  const Activation activation_;
  AlignedBuffer<float> factors_;  // scale, shift
};

class MaxPoolNode : public Node {
 public:
  MaxPoolNode(const Conv2dShape& s, DType dtype) : Node({s.y_elems, dtype}), shape_(s) {}
  Status run(const NodeRun& r) const override {
    const Conv2dShape s = with_images(shape_, r.n);
    switch (output().dtype) {
      case DType::kU8:
        return max_pool2d(r.pool, s, r.x.as<uint8_t>(), r.y.as<uint8_t>());
      case DType::kI16:
        return max_pool2d(r.pool, s, r.x.as<int16_t>(), r.y.as<int16_t>());
      default:
        max_pool2d(r.pool, s, r.x.f32(), r.y.f32());
        return Status::kOk;
    }
  }

 private:
  const Conv2dShape shape_;
};

class AveragePoolNode : public Node {
 public:
  explicit AveragePoolNode(const Conv2dShape& s) : Node({s.y_elems, DType::kF32}), shape_(s) {}
  Status run(const NodeRun& r) const override {
    average_pool2d(r.pool, with_images(shape_, r.n), r.x.f32(), r.y.f32());
    return Status::kOk;
  }

 private:
  const Conv2dShape shape_;
};

class SymmetricPadNode : public Node {
 public:
  explicit SymmetricPadNode(const SymmetricPadSize& s) : Node({s.y_elems(), DType::kF32}), size_(s) {}
  Status run(const NodeRun& r) const override {
    symmetric_pad(r.pool, {r.n, size_.h, size_.w, size_.c}, r.x.f32(), 0, r.y.f32());
    return Status::kOk;
  }

 private:
  const SymmetricPadSize size_;
};

class NormalizeNode : public Node {
 public:
  NormalizeNode(size_t rows, size_t channels, const float* mean, const float* scale, const float* shift, const Activation& activation)
      : Node({rows * channels, DType::kF32}), rows_(rows), channels_(channels), activation_(activation), factors_(3 * channels) {
    if (!ok()) return;
    std::copy_n(mean, channels, factors_.data());
    std::copy_n(scale, channels, factors_.data() + channels);
    std::copy_n(shift, channels, factors_.data() + 2 * channels);
  }
  bool ok() const final { return factors_.ok(); }
  size_t bytes() const override { return factors_.bytes(); }
  Status run(const NodeRun& r) const override {
    const float *const mean = factors_.data(), *const scale = mean + channels_, *const shift = scale + channels_;
    normalize(r.kernels, r.pool, {r.n * rows_, channels_, r.x.f32(), r.other.f32(), activation_, mean, scale, shift, r.y.f32()});
    return Status::kOk;
  }

 private:
  const size_t rows_, channels_;
  const Activation activation_;
  AlignedBuffer<float> factors_;  // mean, scale, shift
};

class ActivateNode : public Node {
 public:
  ActivateNode(size_t elems, const Activation& activation) : Node({elems, DType::kF32}), activation_(activation) {}
  Status run(const NodeRun& r) const override {
    activate(r.kernels, r.pool, r.n * output().elems, r.x.f32(), activation_, r.y.f32());
    return Status::kOk;
  }

 private:
  const Activation activation_;
};

class AddNode : public Node {
 public:
  explicit AddNode(size_t elems) : Node({elems, DType::kF32}) {}
  Status run(const NodeRun& r) const override {
    add(r.kernels, r.pool, r.n * output().elems, r.x.f32(), r.other.f32(), r.y.f32());
    return Status::kOk;
  }
};

template <class Q>
class QuantizeNode : public Node {
 public:
  QuantizeNode(size_t elems, const Quantization<Q>& to) : Node({elems, kDTypeOf<Q>}), to_(to) {}
  bool quantizes() const override { return true; }
  Status run(const NodeRun& r) const override {
    const bool finite = quantize(r.kernels, r.pool, r.n * output().elems, r.x.f32(), to_, r.y.as<Q>());
    return finite ? Status::kOk : Status::kNotFinite;
  }

 private:
  const Quantization<Q> to_;
};

std::unique_ptr<PackedConv2d> pack(const KernelTable& kernels, ThreadPool& pool, ConvKind kind, const Conv2dShape& s, const float* filters,
                                   const Epilogue& epilogue) {
  switch (kind) {
    case ConvKind::kAdder:
      return pack_adder_conv2d(kernels, pool, s, filters, epilogue);
    case ConvKind::kAdderWinograd:
      return pack_winograd_adder_conv2d(kernels, pool, s, filters, epilogue);
    case ConvKind::kConv:
      return pack_conv2d(kernels, pool, s, filters, epilogue);
    case ConvKind::kXnor:
      return pack_xnor_conv2d(kernels, pool, s, filters, epilogue);
  }
  return nullptr;
}
}  // namespace

std::unique_ptr<Node> make_conv2d_node(const KernelTable& kernels, ThreadPool& pool, ConvKind kind, const Conv2dShape& s,
                                       const float* filters, const Epilogue& epilogue) {
  auto packed = pack(kernels, pool, kind, s, filters, epilogue);
  return packed ? make_node<Conv2dNode>(std::move(packed), s) : nullptr;
}
template <class X>
std::unique_ptr<Node> make_quantized_conv2d_node(std::unique_ptr<PackedIntegerConv2d<X>> packed, const Conv2dShape& s,
                                                 const QuantizedEpilogue<X>& epilogue) {
  return packed ? make_node<QuantizedConv2dNode<X>>(std::move(packed), s, epilogue) : nullptr;
}
template std::unique_ptr<Node> make_quantized_conv2d_node(std::unique_ptr<PackedIntegerConv2d<uint8_t>>, const Conv2dShape&,
                                                          const QuantizedEpilogue<uint8_t>&);
template std::unique_ptr<Node> make_quantized_conv2d_node(std::unique_ptr<PackedIntegerConv2d<int16_t>>, const Conv2dShape&,
                                                          const QuantizedEpilogue<int16_t>&);
std::unique_ptr<Node> make_max_pool_node(const Conv2dShape& s, DType dtype) { return make_node<MaxPoolNode>(s, dtype); }
std::unique_ptr<Node> make_average_pool_node(const Conv2dShape& s) { return make_node<AveragePoolNode>(s); }
std::unique_ptr<Node> make_symmetric_pad_node(const SymmetricPadSize& s) { return make_node<SymmetricPadNode>(s); }
std::unique_ptr<Node> make_normalize_node(size_t rows, size_t channels, const float* mean, const float* scale, const float* shift,
                                          const Activation& activation) {
  return make_node<NormalizeNode>(rows, channels, mean, scale, shift, activation);
}
std::unique_ptr<Node> make_activate_node(size_t elems, const Activation& activation) { return make_node<ActivateNode>(elems, activation); }
std::unique_ptr<Node> make_add_node(size_t elems) { return make_node<AddNode>(elems); }
template <class Q>
std::unique_ptr<Node> make_quantize_node(size_t elems, const Quantization<Q>& to) {
  return make_node<QuantizeNode<Q>>(elems, to);
}
template std::unique_ptr<Node> make_quantize_node(size_t, const Quantization<uint8_t>&);
template std::unique_ptr<Node> make_quantize_node(size_t, const Quantization<int16_t>&);
