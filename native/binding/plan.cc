// class Plan: a network as steps over one arena (native/plan/plan.h). It copies all it is built from. A run on another thread works on
// copies of its own, too: while it lasts, native code holds no memory of JavaScript's.
#include "../plan/plan.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "../conv2d/xnor.h"
#include "args.h"
#include "background.h"
#include "runtime.h"

namespace {
constexpr double kMostThreads = 1024;

// A plan, and its share of the threads where it has one of its own.
struct OwnedPlan {
  OwnedPlan(const KernelTable& kernels, ThreadPool& process, size_t threads, size_t input_elems)
      : own(threads), plan(kernels, threads ? own : process, input_elems) {}
  ThreadPool own;
  Plan plan;
};

class PlanObject;

// One asynchronous run. It keeps the plan alive through a dispose, and the object that accounts for its memory.
class PlanRun : public Background {
 public:
  PlanRun(PlanObject& owner, Napi::Object self, std::shared_ptr<OwnedPlan> owned, size_t n, AlignedBuffer<float> x, AlignedBuffer<float> y,
          Napi::Float32Array out, Napi::Function done)
      : Background(self.Env()),
        owner_(owner),
        owned_(std::move(owned)),
        n_(n),
        x_(std::move(x)),
        y_(std::move(y)),
        self_(Napi::Persistent(self)),
        out_(Napi::Persistent(out)),
        done_(Napi::Persistent(done)) {}

 private:
  void execute() override { status_ = owned_->plan.run(n_, x_.data(), y_.data()); }
  void finish(Napi::Env env) override;

  PlanObject& owner_;
  const std::shared_ptr<OwnedPlan> owned_;
  const size_t n_;
  AlignedBuffer<float> x_, y_;
  Napi::ObjectReference self_;
  Napi::Reference<Napi::Float32Array> out_;
  Napi::FunctionReference done_;
  Status status_ = Status::kOk;
};

class PlanObject : public Napi::ObjectWrap<PlanObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Plan",
        {InstanceMethod<&PlanObject::convolution>("convolution"), InstanceMethod<&PlanObject::pool>("pool"),
         InstanceMethod<&PlanObject::normalize>("normalize"), InstanceMethod<&PlanObject::relu>("relu"),
         InstanceMethod<&PlanObject::add>("add"), InstanceMethod<&PlanObject::quantize>("quantize"),
         InstanceMethod<&PlanObject::convolution_of_bytes>("convolutionOfBytes"), InstanceMethod<&PlanObject::finish>("finish"),
         InstanceMethod<&PlanObject::run>("run"), InstanceMethod<&PlanObject::run_sync>("runSync"),
         InstanceMethod<&PlanObject::dispose>("dispose"), InstanceAccessor<&PlanObject::memory>("memory")});
  }

  // (elements of the input, threads | undefined)
  explicit PlanObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const Arguments args(info, "Plan");
    const size_t elems = whole(args, 0, "input", 1, 9e15), own = info[1].IsUndefined() ? 0 : whole(args, 1, "threads", 1, kMostThreads);
    owned_ = std::make_shared<OwnedPlan>(kernels(info.Env()), threads(info.Env()), own, elems);
  }
  ~PlanObject() override {
    owned_.reset();
    account();
  }

  // Tells the collector what hangs on this small object.
  void account() {
    const auto bytes = static_cast<int64_t>(owned_ ? owned_->plan.bytes() : 0);
    Napi::MemoryManagement::AdjustExternalMemory(Env(), bytes - accounted_);
    accounted_ = bytes;
  }

 private:
  // (product, x, filters, bias | undefined, scale | undefined, shift | undefined, residual | undefined, relu, geometry of one image)
  Napi::Value convolution(const Napi::CallbackInfo& info) {
    const Arguments args(info, "convolution");
    Plan& plan = building(args);
    const std::string product = info[0].ToString();
    const ConvShape s = args.conv_shape(8);
    const size_t x = value(args, 1, "x"), residual = info[6].IsUndefined() ? kNoValue : value(args, 6, "residual");
    const View<float> filters = args.array<float>(2, "filters", s.w_elems), bias = args.optional_floats(3, "bias", s.co);
    const View<float> scale = args.optional_floats(4, "scale", s.co), shift = args.optional_floats(5, "shift", s.co);
    if (s.n != 1 || plan.elems(x) != s.x_elems || (residual != kNoValue && plan.elems(residual) != s.y_elems) || !scale.data != !shift.data)
      args.check(Status::kShape);
    const Epilogue epilogue = {bias.data, scale.data, shift.data, args.boolean(7, "relu")};
    std::unique_ptr<PackedConvolution> packed;
    if (product == "adder") packed = pack_adder_conv2d(plan.kernels(), plan.pool(), s, filters.data, epilogue);
    else if (product == "conv") packed = pack_conv2d(plan.kernels(), plan.pool(), s, filters.data, epilogue);
    else if (product != "xnor") args.fail("ERR_ARGUMENT", "product is '" + product + "'");
    else if (s.k > kMostSigns) args.check(Status::kShape);
    else packed = pack_xnor_conv2d(plan.kernels(), plan.pool(), s, filters.data, epilogue);
    return add_step(args, convolution_step(std::move(packed)), x, residual, s.y_elems);
  }

  // ("max" or "average", x, geometry of one image)
  Napi::Value pool(const Napi::CallbackInfo& info) {
    const Arguments args(info, "pool");
    const Plan& plan = building(args);
    const ConvShape s = args.conv_shape(2);
    const size_t x = value(args, 1, "x");
    const bool pools = s.groups == 1 && s.co == s.ci && s.dh == 1 && s.dw == 1;
    if (!pools || s.n != 1 || plan.elems(x) != s.x_elems) args.check(Status::kShape);
    const bool max = info[0].ToString().Utf8Value() == "max";
    return add_step(args, max ? max_pool_step(s) : average_pool_step(s), x, kNoValue, s.y_elems);
  }

  // (x, mean, scale, shift, residual | undefined, relu)
  Napi::Value normalize(const Napi::CallbackInfo& info) {
    const Arguments args(info, "normalize");
    const Plan& plan = building(args);
    const size_t x = value(args, 0, "x"), residual = info[4].IsUndefined() ? kNoValue : value(args, 4, "residual");
    const View<float> mean = args.array<float>(1, "mean");
    const View<float> scale = args.array<float>(2, "scale", mean.length), shift = args.array<float>(3, "shift", mean.length);
    const size_t elems = plan.elems(x);
    if (mean.length == 0 || elems % mean.length != 0 || (residual != kNoValue && plan.elems(residual) != elems)) args.check(Status::kShape);
    return add_step(args, normalize_step(elems / mean.length, mean.length, mean.data, scale.data, shift.data, args.boolean(5, "relu")), x,
                    residual, elems);
  }

  // (x)
  Napi::Value relu(const Napi::CallbackInfo& info) {
    const Arguments args(info, "relu");
    const size_t elems = building(args).elems(value(args, 0, "x"));
    return add_step(args, relu_step(elems), value(args, 0, "x"), kNoValue, elems);
  }

  // (a, b)
  Napi::Value add(const Napi::CallbackInfo& info) {
    const Arguments args(info, "add");
    const Plan& plan = building(args);
    const size_t a = value(args, 0, "a"), b = value(args, 1, "b");
    if (plan.elems(a) != plan.elems(b)) args.check(Status::kShape);
    return add_step(args, ::add_step(plan.elems(a)), a, b, plan.elems(a));
  }

  // (x, step, zero, most)
  Napi::Value quantize(const Napi::CallbackInfo& info) {
    const Arguments args(info, "quantize");
    const Plan& plan = building(args);
    const size_t x = value(args, 0, "x", Numbers::kFloats), elems = plan.elems(x);
    const float step = static_cast<float>(args.number(1, "step"));
    if (!(step > 0)) args.fail("ERR_ARGUMENT", "step is not positive");
    const auto zero = static_cast<uint8_t>(whole(args, 2, "zero", 0, 255)), most = static_cast<uint8_t>(whole(args, 3, "most", 1, 255));
    return add_step(args, quantize_step(elems, step, zero, most), x, kNoValue, elems, Numbers::kBytes);
  }

  // An adder's with uint8 filters, an ordinary one with int8 filters:
  // (x, filters, padding, scale, shift, residual | undefined, residual scale, most | undefined for floats, relu, geometry of one image)
  Napi::Value convolution_of_bytes(const Napi::CallbackInfo& info) {
    const Arguments args(info, "convolutionOfBytes");
    Plan& plan = building(args);
    const ConvShape s = args.conv_shape(9);
    const size_t x = value(args, 0, "x", Numbers::kBytes), residual = info[5].IsUndefined() ? kNoValue : any_value(args, 5, "residual");
    const bool adder = args.is_array<uint8_t>(1);
    const auto padding = static_cast<uint8_t>(whole(args, 2, "padding", 0, 255));
    const View<float> scale = args.array<float>(3, "scale", s.co), shift = args.array<float>(4, "shift", s.co);
    if (s.n != 1 || plan.elems(x) != s.x_elems || s.k > (adder ? kMostL1Bytes : kMostDotBytes) ||
        (residual != kNoValue && plan.elems(residual) != s.y_elems))
      args.check(Status::kShape);
    IntegerEpilogue epilogue = {};
    epilogue.scale = scale.data;
    epilogue.shift = shift.data;
    epilogue.residual_is_bytes = residual != kNoValue && plan.numbers(residual) == Numbers::kBytes;
    epilogue.residual_scale = static_cast<float>(args.number(6, "residual scale"));
    epilogue.into_bytes = !info[7].IsUndefined();
    if (epilogue.into_bytes) epilogue.most = static_cast<uint8_t>(whole(args, 7, "most", 1, 255));
    epilogue.relu = args.boolean(8, "relu");
    auto packed = adder
                      ? pack_adder_conv2d(plan.kernels(), plan.pool(), s, args.array<uint8_t>(1, "filters", s.w_elems).data, padding)
                      : pack_int8_conv2d(plan.kernels(), plan.pool(), s, args.array<int8_t>(1, "filters", s.w_elems).data, padding, false);
    return add_step(args, integer_convolution_step(std::move(packed), s.co, epilogue), x, residual, s.y_elems,
                    epilogue.into_bytes ? Numbers::kBytes : Numbers::kFloats);
  }

  // (output)
  void finish(const Napi::CallbackInfo& info) {
    const Arguments args(info, "finish");
    building(args).finish(value(args, 0, "output"));
    account();
  }

  // (x, out, n, done): out is written when done is called. One at a time: a second run would hold a runner while it waits for the first.
  void run(const Napi::CallbackInfo& info) {
    const Arguments args(info, "run");
    const Batch batch = batch_of(args);
    if (!info[3].IsFunction()) args.fail("ERR_ARGUMENT", "done is not a function");
    AlignedBuffer<float> x(batch.x.length), y(batch.y.length);
    if (!x.ok() || !y.ok()) args.check(Status::kMemory);
    std::copy(batch.x.data, batch.x.data + batch.x.length, x.data());
    start(Env(), std::make_unique<PlanRun>(*this, info.This().As<Napi::Object>(), owned_, batch.n, std::move(x), std::move(y),
                                           info[1].As<Napi::Float32Array>(), info[3].As<Napi::Function>()));
  }

  // (x, out, n)
  void run_sync(const Napi::CallbackInfo& info) {
    const Arguments args(info, "runSync");
    const Batch batch = batch_of(args);
    args.apart(batch.y, batch.x, "x");
    const Status status = owned_->plan.run(batch.n, batch.x.data, batch.y.data);
    account();
    args.check(status);
  }

  // A run under way ends as it would have; the memory goes with it.
  void dispose(const Napi::CallbackInfo&) {
    owned_.reset();
    account();
  }

  Napi::Value memory(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), owned_ ? static_cast<double>(owned_->plan.bytes()) : 0);
  }

  struct Batch {
    size_t n;
    View<float> x, y;
  };
  Batch batch_of(const Arguments& args) const {
    const Plan& plan = alive(args);
    if (!plan.finished()) args.fail("ERR_ARGUMENT", "the plan is not finished");
    const View<float> x = args.array<float>(0, "x");
    const size_t n = x.length / plan.elems(0);
    if (n == 0 || n != whole(args, 2, "n", 1, 9e15)) args.fail("ERR_SHAPE", "x is not as long as n images");
    if (plan.output_elems() > SIZE_MAX / sizeof(float) / n) args.check(Status::kShape);
    return {n, args.array<float>(0, "x", n * plan.elems(0)), args.array<float>(1, "out", n * plan.output_elems())};
  }

  Plan& alive(const Arguments& args) const {
    if (!owned_) args.fail("ERR_DISPOSED", "the plan was disposed");
    return owned_->plan;
  }
  Plan& building(const Arguments& args) const {
    if (alive(args).finished()) args.fail("ERR_ARGUMENT", "the plan is finished");
    return owned_->plan;
  }
  size_t any_value(const Arguments& args, size_t i, const char* name) const {
    return whole(args, i, name, 0, static_cast<double>(owned_->plan.values() - 1));
  }
  size_t value(const Arguments& args, size_t i, const char* name, Numbers numbers = Numbers::kFloats) const {
    const size_t number = any_value(args, i, name);
    if (owned_->plan.numbers(number) != numbers) args.fail("ERR_DTYPE", std::string(name) + " is a value of other numbers");
    return number;
  }
  static size_t whole(const Arguments& args, size_t i, const char* name, double least, double most) {
    const double number = args.number(i, name);
    if (!(number >= least && number <= most) || number != std::floor(number))
      args.fail("ERR_ARGUMENT", std::string(name) + " is " + std::to_string(number));
    return static_cast<size_t>(number);
  }

  Napi::Value add_step(const Arguments& args, std::unique_ptr<Step> step, size_t x, size_t other, size_t output_elems,
                       Numbers numbers = Numbers::kFloats) {
    if (!step) args.check(Status::kMemory);
    return Napi::Number::New(Env(), static_cast<double>(owned_->plan.add(std::move(step), x, other, output_elems, numbers)));
  }

  std::shared_ptr<OwnedPlan> owned_;  // null once disposed
  int64_t accounted_ = 0;
};

// Where a worker ends, the call of `done` throws.
void PlanRun::finish(Napi::Env env) {
  Napi::Float32Array out = out_.Value();
  if (out.ElementLength() * sizeof(float) != y_.bytes()) status_ = Status::kShape;  // somebody took its memory away
  if (status_ == Status::kOk) std::copy_n(y_.data(), out.ElementLength(), out.Data());
  owner_.account();
  const char* const code = status_ == Status::kOk ? nullptr : status_ == Status::kNotFinite ? "ERR_ARGUMENT" : "ERR_MEMORY";
  done_.Call({code ? Napi::String::New(env, code) : env.Undefined()});
}
}  // namespace

Napi::Function PlanClass(Napi::Env env) { return PlanObject::define(env); }
