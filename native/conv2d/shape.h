// The geometry of a convolution. Sizes and their products are checked once, and the derived ones computed once.
// Letters: n batch, h w input rows and columns, ci co channels, kh kw kernel, s stride, d dilation, ho wo output.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../runtime/status.h"

struct Conv2dShape {
  // The geometry that lib/shape.ts packs has this order.
  size_t n, h, w, ci, co, kh, kw, sh, sw, pad_top, pad_left, pad_bottom, pad_right, dh, dw, groups;

  size_t ho, wo;
  size_t group_ci, group_co;  // channels of one group
  size_t k;                   // elements of one filter: kh * kw * group_ci
  size_t x_elems, w_elems, y_elems;
  bool symmetric;  // x is (h - 1) x (w - 1) pixels, which symmetric padding makes h x w of (symmetric_rows.h)

  bool pads() const { return symmetric || pad_top > 0 || pad_left > 0 || pad_bottom > 0 || pad_right > 0; }
  bool depthwise() const { return groups > 1 && group_ci == 1 && group_co == 1; }
};

constexpr size_t kConv2dGeometryLength = 16;

// The same convolution of another number of images.
Conv2dShape with_images(const Conv2dShape& s, size_t n);

// kShape if a size is not positive, the channels do not divide, the kernel does not fit, or a tensor would overflow the address space.
Status make_conv2d_shape(const int32_t geometry[kConv2dGeometryLength], Conv2dShape* shape);

// The same windows over an x that is padded symmetrically first; kShape unless there is no other padding, dilation or group.
Status pad_symmetrically(Conv2dShape* s);

// How many columns the rows of a strip have, those that windows reach across or a whole symmetric row, and how many input rows `rows`
// output rows read.
size_t strip_columns(const Conv2dShape& s);
size_t strip_rows(const Conv2dShape& s, size_t rows);
