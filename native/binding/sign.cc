#include "../nn/sign.h"

#include "exports.h"
#include "runtime.h"

namespace {
// (x, y, geometry): that of a convolution of one pixel, whose padding is added
void Sign(const Arguments& args) {
  const Conv2dShape s = args(2, "geometry").conv2d_shape();
  const bool one_pixel = s.kh == 1 && s.kw == 1 && s.sh == 1 && s.sw == 1 && s.groups == 1 && s.co == s.ci;
  if (!one_pixel) args.check(Status::kShape);
  const auto x = args(0, "x").array<const float>(s.x_elems);
  const auto y = args(1, "out").array<float>(s.y_elems);
  args.check_no_overlap(y, x, "x");
  sign(threads(args.env()), {s.n, s.h, s.w, s.ci, s.pad_top, s.pad_left, s.pad_bottom, s.pad_right}, x.data, y.data);
}

// (gy, x, gx)
void SignGrad(const Arguments& args) {
  const auto gy = args(0, "gy").array<const float>(), x = args(1, "x").array<const float>(gy.length);
  const auto gx = args(2, "out").array<float>(gy.length);
  args.check_same_or_no_overlap(gx, gy, "gy");
  args.check_no_overlap(gx, x, "x");
  sign_grad(threads(args.env()), gy.length, gy.data, x.data, gx.data);
}

// The number of output channels, which divides the number of filters
size_t output_channels(const Arguments& args, int index, size_t filters) {
  const auto co = static_cast<size_t>(args(index, "outputs").integer_in_range(1, std::numeric_limits<int32_t>::max()));
  if (filters % co != 0) args.fail("ERR_SHAPE", "the filters do not divide into output channels");
  return co;
}

// (filters, outputs, y)
void Binarize(const Arguments& args) {
  const auto w = args(0, "filters").array<const float>();
  const auto y = args(2, "out").array<float>(w.length);
  const size_t co = output_channels(args, 1, w.length);
  args.check_same_or_no_overlap(y, w, "filters");
  binarize(threads(args.env()), co, w.length / co, w.data, y.data);
}

// (gy, filters, outputs, gw)
void BinarizeGrad(const Arguments& args) {
  const auto gy = args(0, "gy").array<const float>(), w = args(1, "filters").array<const float>(gy.length);
  const size_t co = output_channels(args, 2, w.length);
  const auto gw = args(3, "out").array<float>(gy.length);
  args.check_same_or_no_overlap(gw, gy, "gy");
  args.check_no_overlap(gw, w, "filters");
  binarize_grad(threads(args.env()), co, w.length / co, gy.data, w.data, gw.data);
}
}  // namespace

void export_sign(Exports& exports) {
  exports.set<Sign>("sign");
  exports.set<SignGrad>("signGrad");
  exports.set<Binarize>("binarize");
  exports.set<BinarizeGrad>("binarizeGrad");
}
