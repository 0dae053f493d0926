// Asynchronous: it runs on another thread while JavaScript goes on, so that the next batch is made ready meanwhile.
#include "../image/crop_mirror_normalize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../runtime/aligned_buffer.h"
#include "args.h"
#include "background.h"

namespace {
// Refers to the arrays it works on until it is done. Everything small is a copy. It ends in a call, not a promise: nothing would free what
// keeps a promise where a worker ends first.
class Preparation : public Background {
 public:
  Preparation(const Napi::CallbackInfo& info, const CropMirrorNormalizeArgs& args, AlignedBuffer<Window> windows,
              AlignedBuffer<float> tables)
      : Background(info.Env()),
        args_(args),
        windows_(std::move(windows)),
        tables_(std::move(tables)),
        x_(Napi::Persistent(info[0].As<Napi::Object>())),
        y_(Napi::Persistent(info[5].As<Napi::Object>())),
        done_(Napi::Persistent(info[6].As<Napi::Function>())) {}

 private:
  void execute() override { crop_mirror_normalize(args_); }
  void finish(Napi::Env) override { done_.Call({}); }

  const CropMirrorNormalizeArgs args_;
  const AlignedBuffer<Window> windows_;
  const AlignedBuffer<float> tables_;
  const Napi::ObjectReference x_, y_;
  const Napi::FunctionReference done_;
};
}  // namespace

// (x, windows, tables, height, width, y, done)
void CropMirrorNormalize(const Napi::CallbackInfo& info) {
  const Arguments args(info, "cropMirrorNormalize");
  const View<int32_t> windows = args.array<int32_t>(1, "windows");
  const View<float> tables = args.array<float>(2, "tables");
  constexpr size_t kWindow = sizeof(Window) / sizeof(int32_t), kBytes = 256;
  const size_t n = windows.length / kWindow, c = tables.length / kBytes;
  const double h = args.number(3, "height"), w = args.number(4, "width");
  if (n == 0 || windows.length % kWindow != 0) args.fail("ERR_SHAPE", "windows are not three numbers for each of some images");
  if (c == 0 || tables.length % kBytes != 0) args.fail("ERR_SHAPE", "tables are not 256 numbers for each of some channels");
  constexpr double kMost = 1u << 31;
  if (!(h >= 1 && h < kMost && w >= 1 && w < kMost) || h != std::floor(h) || w != std::floor(w))
    args.fail("ERR_ARGUMENT", "height or width is not a positive integer");
  const View<uint8_t> x = args.shared_array<uint8_t>(0, "x");
  if (static_cast<double>(n) * h * w * c != static_cast<double>(x.length))
    args.fail("ERR_SHAPE", "x is not as long as n images of height, width and channels");
  const View<float> y = args.shared_array<float>(5, "out");
  if (y.length != x.length) args.fail("ERR_SHAPE", "out has another number of elements than x");
  args.apart(y, x, "x");
  if (!info[6].IsFunction()) args.fail("ERR_ARGUMENT", "done is not a function");

  AlignedBuffer<Window> own_windows(n);
  AlignedBuffer<float> own_tables(tables.length);
  if (!own_windows.ok() || !own_tables.ok()) args.check(Status::kMemory);
  for (size_t i = 0; i < n; ++i) {
    const int32_t* const window = windows.data + i * kWindow;
    own_windows[i] = {window[0], window[1], window[2]};
  }
  std::copy_n(tables.data, tables.length, own_tables.data());
  const CropMirrorNormalizeArgs work = {n,      static_cast<size_t>(h), static_cast<size_t>(w), c,
                                        x.data, own_windows.data(),     own_tables.data(),      y.data};
  start(info.Env(), std::make_unique<Preparation>(info, work, std::move(own_windows), std::move(own_tables)));
}
