#pragma once
#include "args.h"

// A pooling's geometry is that of a convolution that keeps its channels.
inline ConvShape pool_shape(const Arguments& args, const Argument& geometry) {
  const ConvShape s = geometry.conv_shape();
  if (s.groups != 1 || s.co != s.ci || s.dh != 1 || s.dw != 1) args.check(Status::kShape);
  return s;
}
