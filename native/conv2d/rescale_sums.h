// From exact sums to y, in the kernels of quantize_kernels.h.
#pragma once
#include "../kernels/kernel_table.h"

template <class X>
void rescale(const QuantizeKernels<X>& kernels, const RequantizeArgs<X>& args) {
  kernels.requantize(args);
}
template <class X>
void rescale(const QuantizeKernels<X>& kernels, const DequantizeArgs<X>& args) {
  kernels.dequantize(args);
}

// The arguments of the part of y that begins at a channel and an element.
template <class Args>
Args part(Args args, size_t channel, size_t elem) {
  auto& r = args.rescaling;
  r.scale += channel;
  r.shift += channel;
  if (r.residual) r.residual += elem;
  if (r.residual_floats) r.residual_floats += elem;
  args.y += elem;
  return args;
}
