// Asynchronous: it runs on another thread while JavaScript goes on, so that the next batch is made ready meanwhile.
#include "../image/crop_mirror_normalize.h"

#include <algorithm>
#include <utility>

#include "../runtime/aligned_buffer.h"
#include "background.h"
#include "exports.h"

namespace {
// Refers to the arrays it works on until it is done. Everything small is a copy. It ends in a call, not a promise: nothing would free what
// keeps a promise where a worker ends first.
class Preparation : public Background {
 public:
  Preparation(Napi::Env env, const CropMirrorNormalizeArgs& args, AlignedBuffer<Window> windows, AlignedBuffer<float> tables,
              Napi::Object x, Napi::Object y, Napi::Function done)
      : Background(env),
        args_(args),
        windows_(std::move(windows)),
        tables_(std::move(tables)),
        x_(Napi::Persistent(x)),
        y_(Napi::Persistent(y)),
        done_(Napi::Persistent(done)) {}

 private:
  Status work() override { return crop_mirror_normalize(args_), Status::kOk; }
  void finish(Napi::Env env, Status status) override { done_.Call({code_of(env, status)}); }

  const CropMirrorNormalizeArgs args_;
  const AlignedBuffer<Window> windows_;
  const AlignedBuffer<float> tables_;
  const Napi::ObjectReference x_, y_;
  const Napi::FunctionReference done_;
};

// (x, windows, tables, height, width, y, done)
void CropMirrorNormalize(const Arguments& args) {
  const auto windows = args(1, "windows").array<const int32_t>();
  const auto tables = args(2, "tables").array<const float>();
  constexpr size_t kWindow = sizeof(Window) / sizeof(int32_t), kBytes = 256;
  const size_t n = windows.length / kWindow, c = tables.length / kBytes;
  if (n == 0 || windows.length % kWindow != 0) args.fail("ERR_SHAPE", "windows are not three numbers for each of some images");
  if (c == 0 || tables.length % kBytes != 0) args.fail("ERR_SHAPE", "tables are not 256 numbers for each of some channels");
  const double h = args(3, "height").integer_in_range(1, INT32_MAX), w = args(4, "width").integer_in_range(1, INT32_MAX);
  const auto x = args(0, "x").shared_array<const uint8_t>();
  if (static_cast<double>(n) * h * w * c != static_cast<double>(x.length))
    args.fail("ERR_SHAPE", "x is not as long as n images of height, width and channels");
  const auto y = args(5, "out").shared_array<float>();
  if (y.length != x.length) args.fail("ERR_SHAPE", "out has another number of elements than x");
  args.check_no_overlap(y, x, "x");
  const Napi::Function done = args(6, "done").function();

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
  start(args.env(), std::make_unique<Preparation>(args.env(), work, std::move(own_windows), std::move(own_tables), args(0, "x").object(),
                                                  args(5, "out").object(), done));
}
}  // namespace

void export_crop_mirror_normalize(Exports& exports) { exports.set<CropMirrorNormalize>("cropMirrorNormalize"); }
