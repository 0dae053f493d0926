#include "steps.h"

#include <algorithm>
#include <new>
#include <utility>

#include "../nn/elementwise.h"
#include "../nn/pool.h"
#include "../nn/quantize.h"

namespace {
template <class S, class... Args>
std::unique_ptr<Step> made(Args&&... args) {
  return std::unique_ptr<Step>(new (std::nothrow) S(std::forward<Args>(args)...));
}

class ConvolutionStep : public Step {
 public:
  explicit ConvolutionStep(std::unique_ptr<PackedConvolution> convolution) : convolution_(std::move(convolution)) {}
  Status run(const StepRun& r) const override { return convolution_->run({r.pool, r.n, r.x, r.other, r.y}); }
  size_t bytes() const override { return convolution_->bytes(); }

 private:
  const std::unique_ptr<PackedConvolution> convolution_;
};

class PoolStep : public Step {
 public:
  using Pool = void (*)(ThreadPool& pool, const ConvShape& s, const float* x, float* y);
  PoolStep(Pool pool, const ConvShape& s) : pool_(pool), shape_(s) {}
  Status run(const StepRun& r) const override {
    pool_(r.pool, with_images(shape_, r.n), r.x, r.y);
    return Status::kOk;
  }

 private:
  const Pool pool_;
  const ConvShape shape_;
};

class NormalizeStep : public Step {
 public:
  NormalizeStep(size_t rows, size_t channels, const float* mean, const float* scale, const float* shift, const Activation& activation)
      : rows_(rows), channels_(channels), activation_(activation), numbers_(3 * channels) {
    if (!ok()) return;
    std::copy(mean, mean + channels, numbers_.data());
    std::copy(scale, scale + channels, numbers_.data() + channels);
    std::copy(shift, shift + channels, numbers_.data() + 2 * channels);
  }
  bool ok() const { return numbers_.ok(); }
  size_t bytes() const override { return numbers_.bytes(); }
  Status run(const StepRun& r) const override {
    const float* const mean = numbers_.data();
    normalize(r.kernels, r.pool, {r.n * rows_, channels_, r.x, r.other, activation_, mean, mean + channels_, mean + 2 * channels_, r.y});
    return Status::kOk;
  }

 private:
  const size_t rows_, channels_;
  const Activation activation_;
  AlignedBuffer<float> numbers_;  // mean, scale, shift
};

class ActivationStep : public Step {
 public:
  ActivationStep(size_t elems, const Activation& activation) : elems_(elems), activation_(activation) {}
  Status run(const StepRun& r) const override {
    activate(r.kernels, r.pool, r.n * elems_, r.x, activation_, r.y);
    return Status::kOk;
  }

 private:
  const size_t elems_;
  const Activation activation_;
};

class AddStep : public Step {
 public:
  explicit AddStep(size_t elems) : elems_(elems) {}
  Status run(const StepRun& r) const override {
    add(r.kernels, r.pool, r.n * elems_, r.x, r.other, r.y);
    return Status::kOk;
  }

 private:
  const size_t elems_;
};

class QuantizeStep : public Step {
 public:
  QuantizeStep(size_t elems, float scale, uint8_t zero_point, uint8_t q_max)
      : elems_(elems), scale_(scale), zero_point_(zero_point), q_max_(q_max) {}
  Status run(const StepRun& r) const override {
    return quantize(r.kernels, r.pool, r.n * elems_, r.x, scale_, zero_point_, q_max_, bytes_of(r.y)) ? Status::kOk : Status::kNotFinite;
  }

 private:
  const size_t elems_;
  const float scale_;
  const uint8_t zero_point_, q_max_;
};

class IntegerConvolutionStep : public Step {
 public:
  IntegerConvolutionStep(std::unique_ptr<PackedIntegerConvolution<uint8_t>> convolution, size_t channels, const IntegerEpilogue& epilogue)
      : convolution_(std::move(convolution)), channels_(channels), epilogue_(epilogue), numbers_(2 * channels) {
    if (!ok()) return;
    std::copy(epilogue.scale, epilogue.scale + channels, numbers_.data());
    std::copy(epilogue.shift, epilogue.shift + channels, numbers_.data() + channels);
  }
  bool ok() const { return numbers_.ok(); }
  size_t bytes() const override { return convolution_->bytes() + numbers_.bytes(); }
  Status run(const StepRun& r) const override {
    const bool bytes = epilogue_.residual_is_bytes;
    const Rescaling rescaling = {numbers_.data(), numbers_.data() + channels_, r.other && bytes ? bytes_of(r.other) : nullptr,
                                 bytes ? nullptr : r.other, epilogue_.residual_scale};
    if (epilogue_.into_bytes) return convolution_->run(r.pool, r.n, bytes_of(r.x), rescaling, epilogue_.q_max, bytes_of(r.y));
    return convolution_->run(r.pool, r.n, bytes_of(r.x), rescaling, epilogue_.activation, r.y);
  }

 private:
  const std::unique_ptr<PackedIntegerConvolution<uint8_t>> convolution_;
  const size_t channels_;
  const IntegerEpilogue epilogue_;
  AlignedBuffer<float> numbers_;  // scale, shift
};
}  // namespace

std::unique_ptr<Step> convolution_step(std::unique_ptr<PackedConvolution> convolution) {
  return convolution ? made<ConvolutionStep>(std::move(convolution)) : nullptr;
}
std::unique_ptr<Step> max_pool_step(const ConvShape& s) { return made<PoolStep>(max_pool2d, s); }
std::unique_ptr<Step> average_pool_step(const ConvShape& s) { return made<PoolStep>(average_pool2d, s); }
std::unique_ptr<Step> normalize_step(size_t rows, size_t channels, const float* mean, const float* scale, const float* shift,
                                     const Activation& activation) {
  std::unique_ptr<NormalizeStep> step(new (std::nothrow) NormalizeStep(rows, channels, mean, scale, shift, activation));
  if (step && !step->ok()) step.reset();
  return step;
}
std::unique_ptr<Step> activation_step(size_t elems, const Activation& activation) { return made<ActivationStep>(elems, activation); }
std::unique_ptr<Step> add_step(size_t elems) { return made<AddStep>(elems); }
std::unique_ptr<Step> quantize_step(size_t elems, float scale, uint8_t zero_point, uint8_t q_max) {
  return made<QuantizeStep>(elems, scale, zero_point, q_max);
}
std::unique_ptr<Step> integer_convolution_step(std::unique_ptr<PackedIntegerConvolution<uint8_t>> convolution, size_t channels,
                                               const IntegerEpilogue& epilogue) {
  if (!convolution) return nullptr;
  std::unique_ptr<IntegerConvolutionStep> step(new (std::nothrow) IntegerConvolutionStep(std::move(convolution), channels, epilogue));
  if (step && !step->ok()) step.reset();
  return step;
}
