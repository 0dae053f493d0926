// What a convolution does to its sums before they leave for memory, in the tile's registers where the form allows:
//
//   y = activation((sum + bias) * scale + shift (+ residual))
//
// Where it centers, the sum is less the mean over the channels of its pixel first. That is known once all channels are, so all of it is
// then a pass over the pixels of a task.
//
// Batch normalization is the bias minus the mean, then its scale and shift. The mean is subtracted first: a sum of an adder layer reaches
// -3,200 where its standard deviation is 2 to 15.
#pragma once
#include <algorithm>

#include "../kernels/kernel_table.h"
#include "../runtime/aligned_buffer.h"

struct Epilogue {
  const float *bias, *scale, *shift;  // [co] or null; scale and shift together
  Activation activation;
  bool centers = false;
};

// What tiles do of it themselves.
inline Epilogue of_tiles(const Epilogue& e) { return e.centers ? Epilogue{nullptr, nullptr, nullptr, kNoActivation} : e; }

// Output channels in groups of equal size.
struct ChannelGroups {
  size_t count, channels;
  size_t all() const { return count * channels; }
};

// Copies of an epilogue's arrays, in which groups are `group_stride` apart with zeros between.
class PackedEpilogue {
 public:
  PackedEpilogue(const Epilogue& e, const ChannelGroups& groups, size_t group_stride)
      : bias_(copy(e.bias, groups, group_stride)),
        scale_(copy(e.scale, groups, group_stride)),
        shift_(copy(e.shift, groups, group_stride)),
        activation_(e.activation),
        ok_(bias_.ok() == !!e.bias && scale_.ok() == !!e.scale && shift_.ok() == !!e.shift) {}

  bool ok() const { return ok_; }
  size_t bytes() const { return bias_.bytes() + scale_.bytes() + shift_.bytes(); }
  const Activation& activation() const { return activation_; }
  // For tiles whose rows, or whose panel, begin at channel `at` of the padded groups.
  TileEpilogue of_rows(size_t at) const { return {bias(at), scale(at), shift(at), nullptr, nullptr, nullptr, nullptr, activation_}; }
  TileEpilogue of_panel(size_t at) const { return {nullptr, nullptr, nullptr, bias(at), scale(at), shift(at), nullptr, activation_}; }
  // The arrays from channel `at` of the padded groups on; null where the epilogue has none.
  const float* bias(size_t at = 0) const { return bias_.ok() ? &bias_[at] : nullptr; }
  const float* scale(size_t at = 0) const { return scale_.ok() ? &scale_[at] : nullptr; }
  const float* shift(size_t at = 0) const { return shift_.ok() ? &shift_[at] : nullptr; }

 private:
  static AlignedBuffer<float> copy(const float* values, const ChannelGroups& groups, size_t group_stride) {
    if (!values) return {};
    AlignedBuffer<float> padded(groups.count * group_stride);
    if (!padded.ok()) return padded;
    std::fill(padded.data(), padded.data() + groups.count * group_stride, 0.0f);
    for (size_t g = 0; g < groups.count; ++g)
      std::copy(values + g * groups.channels, values + (g + 1) * groups.channels, padded.data() + g * group_stride);
    return padded;
  }

  const AlignedBuffer<float> bias_, scale_, shift_;
  const Activation activation_;
  const bool ok_;
};

// A separate pass for the rest of the epilogue, for tiles that add the bias alone: over the pixels of one task, still in the cache.
class SeparateEpilogue : public PackedEpilogue {
 public:
  SeparateEpilogue(const Epilogue& e, const ChannelGroups& groups) : PackedEpilogue(e, groups, groups.channels), zeros_(groups.all()) {
    if (zeros_.ok()) std::fill(zeros_.data(), zeros_.data() + groups.all(), 0.0f);
  }
  bool ok() const { return PackedEpilogue::ok() && zeros_.ok(); }
  size_t bytes() const { return PackedEpilogue::bytes() + zeros_.bytes(); }

  void finish(const KernelTable& kernels, size_t pixels, size_t channels, const float* residual, float* y) const {
    if (scale()) return kernels.elementwise.normalize({pixels, channels, y, residual, activation(), zeros_.data(), scale(), shift(), y});
    if (residual) kernels.elementwise.add(pixels * channels, y, residual, y);
    if (activation().has_bound()) kernels.elementwise.activate(pixels * channels, y, activation(), y);
  }

 private:
  AlignedBuffer<float> zeros_;  // the mean, which the bias has subtracted
};

// All of an epilogue that centers, over the pixels of one task, still in the cache.
class CenterPass {
 public:
  CenterPass(const Epilogue& e, size_t channels)
      : epilogue_(e.centers ? e : Epilogue{}, {1, channels}, channels), channels_(channels), centers_(e.centers) {}
  bool ok() const { return epilogue_.ok(); }
  size_t bytes() const { return epilogue_.bytes(); }
  bool centers() const { return centers_; }
  void run(const KernelTable& kernels, size_t pixels, const float* residual, float* y) const {
    kernels.elementwise.center(
        {pixels, channels_, y, residual, epilogue_.activation(), epilogue_.bias(), epilogue_.scale(), epilogue_.shift(), y});
  }

 private:
  const PackedEpilogue epilogue_;
  const size_t channels_;
  const bool centers_;
};
