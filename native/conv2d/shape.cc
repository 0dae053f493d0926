#include "shape.h"

namespace {
// Largest tensor, in elements: a petabyte of floats, with room for sizes in bytes and rounded up to tiles to stay within 64 bits.
constexpr size_t kMostElems = SIZE_MAX >> 16;

bool multiply(size_t* product, size_t factor) {
  if (factor != 0 && *product > kMostElems / factor) return false;
  *product *= factor;
  return true;
}

bool elements(size_t* product, size_t a, size_t b, size_t c, size_t d) {
  *product = a;
  return multiply(product, b) && multiply(product, c) && multiply(product, d);
}

// floor((size + 2p - d(k - 1) - 1) / s) + 1; all operands are below 2^31, so int64 holds every step.
int64_t output_size(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}
}  // namespace

Status make_conv_shape(const int32_t g[kConvGeometryLength], ConvShape* shape) {
  for (size_t i = 0; i < kConvGeometryLength; ++i) {
    const bool padding = i == 9 || i == 10;
    if (g[i] < (padding ? 0 : 1)) return Status::kShape;
  }
  const auto size = [g](size_t i) { return static_cast<size_t>(g[i]); };
  ConvShape s = {size(0),  size(1),  size(2),  size(3), size(4), size(5), size(6), size(7), size(8), size(9), size(10),
                 size(11), size(12), size(13), 0,       0,       0,       0,       0,       0,       0,       0};
  if (s.ci % s.groups != 0 || s.co % s.groups != 0) return Status::kShape;
  s.ho = static_cast<size_t>(output_size(g[1], g[5], g[7], g[9], g[11]));
  s.wo = static_cast<size_t>(output_size(g[2], g[6], g[8], g[10], g[12]));
  if (s.ho == 0 || s.wo == 0) return Status::kShape;
  s.group_ci = s.ci / s.groups;
  s.group_co = s.co / s.groups;
  size_t padded;  // bounds every working copy of x
  if (!elements(&padded, s.n, s.h + 2 * s.ph, s.w + 2 * s.pw, s.ci) || !elements(&s.w_elems, s.co, s.kh, s.kw, s.group_ci) ||
      !elements(&s.y_elems, s.n, s.ho, s.wo, s.co))
    return Status::kShape;
  s.x_elems = s.n * s.h * s.w * s.ci;
  s.k = s.kh * s.kw * s.group_ci;
  *shape = s;
  return Status::kOk;
}

ConvShape with_images(const ConvShape& s, size_t n) {
  ConvShape batch = s;
  batch.n = n;
  batch.x_elems = s.x_elems / s.n * n;
  batch.y_elems = s.y_elems / s.n * n;
  return batch;
}

size_t band_columns(const ConvShape& s) { return (s.wo - 1) * s.sw + (s.kw - 1) * s.dw + 1; }
size_t band_rows(const ConvShape& s, size_t rows) { return (rows - 1) * s.sh + (s.kh - 1) * s.dh + 1; }
