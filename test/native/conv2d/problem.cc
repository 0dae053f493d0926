#include "problem.h"

#include <algorithm>

Conv2dShape random_shape(Test& t) {
  const auto size = [&](size_t max) { return static_cast<int32_t>(t.integer(0, 4) == 0 ? 1 : t.integer(1, max)); };
  const bool depthwise = t.integer(0, 5) == 0;
  const int32_t groups = depthwise ? size(40) : t.integer(0, 3) == 0 ? size(3) : 1;
  const int32_t group_ci = depthwise ? 1 : size(40), group_co = depthwise ? 1 : size(70);
  const int32_t kh = size(4), kw = size(4), dh = size(2), dw = size(2);
  const int32_t top = size(4) - 1, left = size(4) - 1, bottom = size(4) - 1, right = size(4) - 1;
  const int32_t h = std::max(1, dh * (kh - 1) + 1 - top - bottom) + size(8) - 1,
                w = std::max(1, dw * (kw - 1) + 1 - left - right) + size(20) - 1;
  const int32_t geometry[kConv2dGeometryLength] = {
      size(3), h, w, groups * group_ci, groups * group_co, kh, kw, size(3), size(3), top, left, bottom, right, dh, dw, groups};
  Conv2dShape s = {};
  CHECK(make_conv2d_shape(geometry, &s) == Status::kOk);
  return s;
}
