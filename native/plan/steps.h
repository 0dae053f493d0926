// The steps of a plan: each makes one value from one or two others, for any number of images.
#pragma once
#include <memory>

#include "../conv2d/conv2d.h"
#include "../conv2d/integer.h"

struct StepRun {
  const KernelTable& kernels;
  ThreadPool& pool;
  size_t n;            // images
  const float* x;      // \ of a value of bytes, those: see bytes_of
  const float* other;  // / residual or second addend; null where the step has none
  float* y;            // overlaps neither
};
inline const uint8_t* bytes_of(const float* value) { return reinterpret_cast<const uint8_t*>(value); }
inline uint8_t* bytes_of(float* value) { return reinterpret_cast<uint8_t*>(value); }

class Step {
 public:
  virtual ~Step() = default;
  virtual Status run(const StepRun& run) const = 0;
  // Of what the step keeps: packed filters and the like.
  virtual size_t bytes() const { return 0; }
};

// All of these are null if memory is out.
std::unique_ptr<Step> convolution_step(std::unique_ptr<PackedConvolution> convolution);
std::unique_ptr<Step> max_pool_step(const ConvShape& s);
std::unique_ptr<Step> average_pool_step(const ConvShape& s);
// y = activation((x - mean) * scale + shift (+ other)), over `rows` rows an image; mean, scale and shift are copied
std::unique_ptr<Step> normalize_step(size_t rows, size_t channels, const float* mean, const float* scale, const float* shift,
                                     const Activation& activation);
std::unique_ptr<Step> activation_step(size_t elems, const Activation& activation);
std::unique_ptr<Step> add_step(size_t elems);

// y = clamp(rne(x / scale + zero_point), 0, q_max), bytes; kNotFinite where an x is not
std::unique_ptr<Step> quantize_step(size_t elems, float scale, uint8_t zero_point, uint8_t q_max);

// How a step of bytes ends (quantize_kernels.h).
struct IntegerEpilogue {
  const float *scale, *shift;  // [co], copied
  bool residual_is_bytes;
  float residual_scale;
  bool into_bytes;
  uint8_t q_max;          // of bytes
  Activation activation;  // of floats
};
std::unique_ptr<Step> integer_convolution_step(std::unique_ptr<PackedIntegerConvolution<uint8_t>> convolution, size_t channels,
                                               const IntegerEpilogue& epilogue);
