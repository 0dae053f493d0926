#include "shape.h"

namespace {
// Largest tensor, in elements: a petabyte of floats, or 128 MB where addresses have 32 bits. Sizes in bytes and rounded up to tiles, which
// are at most 64 wide, stay within size_t.
constexpr size_t kMaxElems = SIZE_MAX >> (sizeof(size_t) > 4 ? 16 : 7);

bool multiply(size_t* product, size_t factor) {
  if (factor != 0 && *product > kMaxElems / factor) return false;
  *product *= factor;
  return true;
}

bool elements(size_t* product, size_t a, size_t b, size_t c, size_t d) {
  *product = a;
  return multiply(product, b) && multiply(product, c) && multiply(product, d);
}

// floor((padded - d(k - 1) - 1) / s) + 1; all operands are below 2^33, so int64 holds every intermediate result.
size_t output_size(uint64_t padded, size_t kernel, size_t stride, size_t dilation) {
  const int64_t room = static_cast<int64_t>(padded) - static_cast<int64_t>(dilation) * (static_cast<int64_t>(kernel) - 1) - 1;
  return room < 0 ? 0 : static_cast<size_t>(room / static_cast<int64_t>(stride)) + 1;
}
}  // namespace

Status make_conv2d_shape(const int32_t g[kConv2dGeometryLength], Conv2dShape* shape) {
  for (size_t i = 0; i < kConv2dGeometryLength; ++i) {
    const bool padding = i >= 9 && i <= 12;
    if (g[i] < (padding ? 0 : 1)) return Status::kShape;
  }
  const auto size = [g](size_t i) { return static_cast<size_t>(g[i]); };
  Conv2dShape s = {size(0), size(1),  size(2),  size(3),  size(4),  size(5),  size(6),  size(7), size(8),
                   size(9), size(10), size(11), size(12), size(13), size(14), size(15), 0,       0,
                   0,       0,        0,        0,        0,        0,        false};
  if (s.ci % s.groups != 0 || s.co % s.groups != 0) return Status::kShape;
  const uint64_t padded_h = uint64_t{s.pad_top} + s.h + s.pad_bottom, padded_w = uint64_t{s.pad_left} + s.w + s.pad_right;
  if (padded_h > kMaxElems || padded_w > kMaxElems) return Status::kShape;  // only where addresses have 32 bits
  s.ho = output_size(padded_h, s.kh, s.sh, s.dh);
  s.wo = output_size(padded_w, s.kw, s.sw, s.dw);
  if (s.ho == 0 || s.wo == 0) return Status::kShape;
  s.group_ci = s.ci / s.groups;
  s.group_co = s.co / s.groups;
  size_t padded;  // bounds every working copy of x
  if (!elements(&padded, s.n, static_cast<size_t>(padded_h), static_cast<size_t>(padded_w), s.ci) ||
      !elements(&s.w_elems, s.co, s.kh, s.kw, s.group_ci) || !elements(&s.y_elems, s.n, s.ho, s.wo, s.co))
    return Status::kShape;
  s.x_elems = s.n * s.h * s.w * s.ci;
  s.k = s.kh * s.kw * s.group_ci;
  *shape = s;
  return Status::kOk;
}

Conv2dShape with_images(const Conv2dShape& s, size_t n) {
  Conv2dShape batch = s;
  batch.n = n;
  batch.x_elems = s.x_elems / s.n * n;
  batch.y_elems = s.y_elems / s.n * n;
  return batch;
}

Status pad_symmetrically(Conv2dShape* s) {
  if (s->pads() || s->dh != 1 || s->dw != 1 || s->groups != 1 || s->h < 2 || s->w < 2) return Status::kShape;
  s->symmetric = true;
  s->x_elems = s->n * (s->h - 1) * (s->w - 1) * s->ci;
  return Status::kOk;
}

size_t strip_columns(const Conv2dShape& s) { return s.symmetric ? s.w : (s.wo - 1) * s.sw + (s.kw - 1) * s.dw + 1; }
size_t strip_rows(const Conv2dShape& s, size_t rows) { return (rows - 1) * s.sh + (s.kh - 1) * s.dh + 1; }
