// Byte adders whose filters slide along rows, of every shape that they can compute and not only of those they are chosen for, against the
// definition: sums, quantized numbers and floats.
#include <algorithm>
#include <cmath>

#include "conv2d/sliding.h"
#include "cpu/detect.h"
#include "problem.h"
#include "reference/reference.h"

#if defined(ADDERNET_X64)
namespace {
constexpr int kProblems = 300;

Conv2dShape sliding_shape(Test& t) {
  const auto size = [&](size_t max) { return static_cast<int32_t>(t.integer(0, 4) == 0 ? 1 : t.integer(1, max)); };
  const auto padding = [&] { return static_cast<int32_t>(t.integer(0, 3)); };
  const int32_t top = padding(), left = padding(), bottom = padding(), right = padding();
  const int32_t kh = size(4), kw = 3 + static_cast<int32_t>(t.integer(0, 1)), dh = size(2);
  const int32_t h = std::max(1, dh * (kh - 1) + 1 - top - bottom) + size(8) - 1, w = std::max(1, kw - left - right) + size(40) - 1;
  const int32_t geometry[kConv2dGeometryLength] = {size(3), h, w, size(70), size(70), kh, kw, 1, 1, top, left, bottom, right, dh, 1, 1};
  Conv2dShape s = {};
  CHECK(make_conv2d_shape(geometry, &s) == Status::kOk);
  return s;
}

// All 255 against all 0, only these two, or any.
std::vector<uint8_t> bytes(Test& t, size_t count, size_t kind, uint8_t extreme) {
  std::vector<uint8_t> values = random_values<uint8_t>(t, count);
  for (uint8_t& v : values) v = kind == 0 ? extreme : kind == 1 ? (v & 1) * 255 : v;
  return values;
}

template <class T>
struct Guarded {
  static constexpr size_t kGuard = 32;
  std::vector<T> all;
  explicit Guarded(size_t count) : all(count + 2 * kGuard, T{77}) {}
  T* data() { return all.data() + kGuard; }
  // NaN equals NaN here.
  bool equals(const T* expected, size_t count) const {
    const auto is_guard = [](T v) { return v == T{77}; };
    return std::equal(expected, expected + count, all.begin() + kGuard, [](T a, T b) { return a == b || (a != a && b != b); }) &&
           std::all_of(all.begin(), all.begin() + kGuard, is_guard) && std::all_of(all.end() - kGuard, all.end(), is_guard);
  }
};

void check_sliding(Test& t, ThreadPool& pool, const Conv2dShape& s) {
  const size_t kind = t.integer(0, 3);
  const auto x = bytes(t, s.x_elems, kind, 255), w = bytes(t, s.w_elems, kind, 0);
  const auto pad_value = static_cast<uint8_t>(t.random());
  std::vector<double> sums(s.y_elems);
  reference_adder_conv2d(s, x.data(), w.data(), pad_value, sums.data());
  // What is packed for one image runs for any number of them.
  const auto packed = pack_sliding_rows(kKernelsAvx512, pool, t.integer(0, 1) == 0 ? s : with_images(s, 1), w.data(), pad_value, 0);
  Guarded<int32_t> y(s.y_elems);
  CHECK(packed && packed->run(pool, s.n, x.data(), y.data()) == Status::kOk);
  const std::vector<int32_t> expected(sums.begin(), sums.end());
  CHECK(y.equals(expected.data(), s.y_elems));

  const size_t residual = t.integer(0, 2);
  std::vector<float> scale(s.co), shift(s.co);
  for (float& v : scale) v = t.uniform(-0.5f, 0.5f) / static_cast<float>(s.k);
  for (float& v : shift) v = t.uniform(-50, 250);
  const auto residual_bytes = random_values<uint8_t>(t, s.y_elems);
  const auto residual_floats = random_values<float>(t, s.y_elems);
  const Rescaling<uint8_t> rescaling = {scale.data(), shift.data(), residual == 1 ? residual_bytes.data() : nullptr,
                                        residual == 2 ? residual_floats.data() : nullptr, t.uniform(-2, 2)};
  const QuantizedRange<uint8_t> range = {0, static_cast<uint8_t>(t.integer(1, 255))};
  Guarded<uint8_t> quantized(s.y_elems);
  std::vector<uint8_t> expected_bytes(s.y_elems);
  CHECK(packed && packed->run(pool, s.n, x.data(), rescaling, range, quantized.data()) == Status::kOk);
  reference_requantize(s.y_elems / s.co, s.co, sums.data(), rescaling, range, expected_bytes.data());
  CHECK(quantized.equals(expected_bytes.data(), s.y_elems));
  Guarded<float> floats(s.y_elems);
  std::vector<float> expected_floats(s.y_elems);
  const Activation activation = t.integer(0, 1) == 0 ? kNoActivation : kRelu;
  CHECK(packed && packed->run(pool, s.n, x.data(), rescaling, activation, floats.data()) == Status::kOk);
  reference_dequantize(s.y_elems / s.co, s.co, sums.data(), rescaling, activation, expected_floats.data());
  CHECK(floats.equals(expected_floats.data(), s.y_elems));
}
}  // namespace

TEST(sliding, "adders whose filters slide along rows are exact, with any number of threads") {
  if (!detect_cpu().avx512) return;
  ThreadPool pools[] = {ThreadPool(1), ThreadPool(2), ThreadPool(3)};
  for (int i = 0; i < kProblems; ++i) check_sliding(t, pools[i % 3], sliding_shape(t));
}

TEST(sliding_bytes, "adders whose filters slide along rows take signed bytes with their sign flipped") {
  if (!detect_cpu().avx512) return;
  ThreadPool pool(2);
  for (int i = 0; i < 50; ++i) {
    const Conv2dShape s = sliding_shape(t);
    const auto x = random_values<int8_t>(t, s.x_elems), w = random_values<int8_t>(t, s.w_elems);
    const auto pad_value = static_cast<int8_t>(t.random());
    const auto as_bytes = [](const int8_t* p) { return reinterpret_cast<const uint8_t*>(p); };
    std::vector<double> expected(s.y_elems);
    reference_adder_conv2d(s, x.data(), w.data(), pad_value, expected.data());
    std::vector<int32_t> y(s.y_elems);
    const auto packed = pack_sliding_rows(kKernelsAvx512, pool, s, as_bytes(w.data()), static_cast<uint8_t>(pad_value), 0x80);
    CHECK(packed && packed->run(pool, s.n, as_bytes(x.data()), y.data()) == Status::kOk);
    CHECK(std::equal(y.begin(), y.end(), expected.begin()));
  }
}

TEST(sliding_fits, "filters slide along rows of the widths that fill lanes, and of no shape that they cannot compute") {
  const auto fits = [&](std::initializer_list<int32_t> geometry) {
    Conv2dShape s = {};
    CHECK(make_conv2d_shape(geometry.begin(), &s) == Status::kOk);
    return fits_sliding_rows(kKernelsAvx512, s);
  };
  for (const int32_t size : {6, 7, 8, 14, 16, 28, 32, 56})
    CHECK(fits({1, size, size, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}) == (size > 6));
  CHECK(!fits({1, 16, 4, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(fits({1, 16, 16, 8, 8, 5, 4, 1, 1, 0, 0, 2, 3, 2, 1, 1}));
  const int32_t strides[] = {1, 2};
  for (const int32_t sh : strides)
    for (const int32_t sw : strides)
      for (const int32_t dw : strides)
        for (const int32_t groups : strides)
          CHECK(fits({1, 16, 16, 8, 8, 3, 3, sh, sw, 1, dw, 1, dw, 1, dw, groups}) == (sh * sw * dw * groups == 1));
  for (const int32_t kw : {1, 2, 5}) CHECK(!fits({1, 16, 16, 8, 8, 3, kw, 1, 1, 1, 0, 1, 2, 1, 1, 1}));
}
#endif
