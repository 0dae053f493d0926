#pragma once
#include "args.h"

// A pooling's geometry is that of a convolution that keeps its channels.
inline Conv2dShape pool_shape(const Arguments& args, const Argument& geometry) {
  const Conv2dShape s = geometry.conv2d_shape();
  if (s.groups != 1 || s.co != s.ci || s.dh != 1 || s.dw != 1) args.check(Status::kShape);
  return s;
}
