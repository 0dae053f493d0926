#include "fuzz_case.h"

namespace {
constexpr size_t kMaxWork = 20000;  // terms of all outputs: a case takes a millisecond
constexpr float kStrange[] = {NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f, -0.0f, 0x1p-149f, -0x1p-126f, 0x1p24f, 1e30f};
}  // namespace

Array<float> Case::floats(size_t count, bool of_any_kind) {
  Array<float> values(count);
  const size_t kind = bytes.integer(0, of_any_kind ? 5 : 4);
  const int exponent = static_cast<int>(bytes.integer(0, 40)) - 20;
  for (size_t i = 0; i < count; ++i) {
    float v = random() % 5 == 0 ? static_cast<float>(random() % 5) - 2 : uniform(-2, 2);
    if (kind == 2) v = std::ldexp(v, exponent);
    if (kind == 3 && random() % 4 == 0) v = std::ldexp(v, static_cast<int>(random() % 60) - 30);
    if (kind == 4) v = static_cast<float>(static_cast<int>(random() % 3) - 1);  // zeros and ties
    if (kind == 5 && random() % 8 == 0) v = kStrange[random() % std::size(kStrange)];
    values[i] = v;
  }
  return values;
}

Conv2dShape Case::shape(bool pooling) {
  const auto size = [&](size_t max) { return static_cast<int32_t>(bytes.integer(1, max)); };
  const size_t form = bytes.integer(0, 5);
  const bool depthwise = pooling || form == 0, dense_rows = !pooling && form == 1;  // for filters that slide along rows
  int32_t groups = depthwise ? size(70) : bytes.integer(0, 3) == 0 ? size(4) : 1;
  int32_t group_ci = depthwise ? 1 : size(70), group_co = depthwise ? 1 : size(70), n = size(4);
  const int32_t kh = size(5);
  int32_t kw = size(5);
  const int32_t dh = pooling ? 1 : size(3);
  int32_t dw = pooling ? 1 : size(3), sh = size(4), sw = size(4);
  if (dense_rows) groups = sh = sw = dw = 1, kw = 3 + kw % 2;
  const int32_t top = size(5) - 1, left = size(5) - 1, bottom = size(5) - 1, right = size(5) - 1;
  int32_t more_rows = size(9) - 1, more_columns = size(24) - 1;
  for (;;) {
    const int32_t h = std::max(1, dh * (kh - 1) + 1 - top - bottom) + more_rows,
                  w = std::max(1, dw * (kw - 1) + 1 - left - right) + more_columns;
    // A pooling has one group of all channels, which do not meet.
    const int32_t geometry[kConv2dGeometryLength] = {
        n, h, w, groups * group_ci, groups * group_co, kh, kw, sh, sw, top, left, bottom, right, dh, dw, pooling ? 1 : groups};
    Conv2dShape s = {};
    expect(make_conv2d_shape(geometry, &s) == Status::kOk, "the shape is refused");
    if (s.y_elems * (pooling ? static_cast<size_t>(kh) * kw : s.k) <= kMaxWork) return s;
    int32_t* const largest =
        std::max({&n, &more_rows, &more_columns, &group_ci, &group_co, &groups}, [](auto a, auto b) { return *a < *b; });
    if (*largest <= 1) return s;
    *largest /= 2;
  }
}
