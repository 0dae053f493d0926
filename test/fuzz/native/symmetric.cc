// Adders of integers over symmetric padding and with centered sums, as sums, quantized numbers and floats.
#include <cmath>

#include "integer_checks.h"

namespace {
// Of the padded image.
Conv2dShape random_padded(Case& c) {
  const auto size = [&](size_t min, size_t max) { return static_cast<int32_t>(c.bytes.integer(min, max)); };
  const int32_t n = size(1, 3), h = size(2, 13), w = size(2, 19), ci = size(1, c.bytes.flag() ? 70 : 9), co = size(1, 70);
  const int32_t kh = size(1, static_cast<size_t>(std::min(h, 4))), kw = size(1, static_cast<size_t>(std::min(w, 4)));
  const int32_t geometry[kConv2dGeometryLength] = {n, h, w, ci, co, kh, kw, size(1, 3), size(1, 3), 0, 0, 0, 0, 1, 1, 1};
  Conv2dShape s;
  c.expect(make_conv2d_shape(geometry, &s) == Status::kOk, "windows do not fit");
  return s;
}

// By its formula (conv2d/symmetric_rows.h).
template <class X>
Array<X> pad(const Conv2dShape& s, const Array<X>& x, X value) {
  Array<X> y(s.x_elems);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t channel = i % s.ci, column = i / s.ci % s.w, row = i / s.ci / s.w % s.h, image = i / s.ci / s.w / s.h;
    size_t quarter = 3;
    while (channel < quarter * s.ci / 4) --quarter;
    const size_t from_row = row - (quarter < 2), from_column = column - (quarter % 2 == 0);  // below 0 they are large
    const bool inside = from_row < s.h - 1 && from_column < s.w - 1;
    y[i] = inside ? x[((image * (s.h - 1) + from_row) * (s.w - 1) + from_column) * s.ci + channel] : value;
  }
  return y;
}

void center(const Conv2dShape& s, Doubles& sums) {
  for (size_t first = 0; first < s.y_elems; first += s.co) {
    double sum = 0;
    for (size_t ch = 0; ch < s.co; ++ch) sum += sums[first + ch];
    const double mean = std::floor(sum / static_cast<double>(s.co) + 0.5);
    for (size_t ch = 0; ch < s.co; ++ch) sums[first + ch] -= mean;
  }
}

template <class X>
void fuzz(Case& c, const char* sums_name, const char* quantized_name) {
  const Conv2dShape padded = random_padded(c);
  Conv2dShape s = padded;
  const bool symmetric = c.bytes.flag(), centered = c.bytes.flag();
  if (symmetric) c.expect(pad_symmetrically(&s) == Status::kOk, "cannot be padded");
  const auto x = c.integers<X>(s.x_elems), w = c.integers<X>(s.w_elems);
  const X pad_value = static_cast<X>(c.random());
  Doubles sums(s.y_elems);
  const auto read = symmetric ? pad(padded, x, pad_value) : map(x, [](X v) { return v; });
  reference_adder_conv2d(padded, read.data(), w.data(), pad_value, sums.data());
  if (centered) center(s, sums);
  const auto pack = [&](const KernelTable& kernels, ThreadPool& pool) {
    return pack_adder_conv2d(kernels, pool, s, w.data(), pad_value, centered);
  };
  if (c.bytes.flag()) return fuzz_rescaled(c, quantized_name, s, x, sums, pack);
  fuzz_sums(c, sums_name, s, sums, [&](const KernelTable& kernels, ThreadPool& pool, const Conv2dShape&, int32_t* y) {
    const auto packed = pack(kernels, pool);
    return packed ? packed->run(pool, s.n, x.data(), y) : Status::kMemory;
  });
}
}  // namespace

void fuzz_symmetric(Case& c) {
  if (c.bytes.flag()) fuzz<uint8_t>(c, "symmetric adder_conv2d of uint8", "quantized symmetric adder_conv2d");
  else fuzz<int16_t>(c, "symmetric adder_conv2d of int16", "quantized symmetric adder_conv2d of int16");
}
