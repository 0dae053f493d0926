#include "../nn/sign.h"

#include "args.h"
#include "runtime.h"

// (x, y, geometry): that of a convolution of one pixel, whose padding is added
void Sign(const Napi::CallbackInfo& info) {
  const Arguments args(info, "sign");
  const ConvShape s = args.conv_shape(2);
  const bool one_pixel = s.kh == 1 && s.kw == 1 && s.sh == 1 && s.sw == 1 && s.groups == 1 && s.co == s.ci;
  if (!one_pixel) args.check(Status::kShape);
  const View<float> x = args.array<float>(0, "x", s.x_elems), y = args.array<float>(1, "out", s.y_elems);
  args.apart(y, x, "x");
  sign(threads(info.Env()), {s.n, s.h, s.w, s.ci, s.pad_top, s.pad_left, s.pad_bottom, s.pad_right}, x.data, y.data);
}

// (gy, x, gx)
void SignGrad(const Napi::CallbackInfo& info) {
  const Arguments args(info, "signGrad");
  const View<float> gy = args.array<float>(0, "gy"), x = args.array<float>(1, "x", gy.length);
  const View<float> gx = args.array<float>(2, "out", gy.length);
  if (gx.data != gy.data) args.apart(gx, gy, "gy");
  args.apart(gx, x, "x");
  sign_grad(threads(info.Env()), gy.length, gy.data, x.data, gx.data);
}
