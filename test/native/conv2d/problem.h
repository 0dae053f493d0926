// Random small convolutions, of every form and with every edge: padding, strides, dilation, groups, depthwise, few and many channels.
#pragma once
#include <type_traits>
#include <vector>

#include "check.h"
#include "conv2d/shape.h"

// With integers of this type where T is one; floats are rounded now and then, so that ties occur.
template <class T>
std::vector<T> random_values(Test& t, size_t count) {
  std::vector<T> values(count);
  for (T& v : values) {
    if constexpr (std::is_integral_v<T>) v = static_cast<T>(t.random());
    else v = t.integer(0, 4) == 0 ? static_cast<float>(t.integer(0, 4)) - 2 : t.uniform(-2, 2);
  }
  return values;
}

Conv2dShape random_shape(Test& t);
