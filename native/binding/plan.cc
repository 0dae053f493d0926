// class Plan: a network as steps over one arena (native/plan/plan.h). It copies all it is built from. A run on another thread works on
// copies of its own, too: while it lasts, native code holds no memory of JavaScript's.
#include "../plan/plan.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>

#include "../conv2d/xnor.h"
#include "args.h"
#include "background.h"
#include "runtime.h"

namespace {
constexpr double kMaxThreads = 1024, kMaxElems = 9e15;

// A plan, and its share of the threads where it has one of its own.
struct OwnedPlan {
  OwnedPlan(const KernelTable& kernels, ThreadPool& process, size_t threads, size_t input_elems)
      : own(threads), plan(kernels, threads ? own : process, input_elems) {}
  Status run(size_t n, const float* x, float* y) {
    const std::lock_guard<std::mutex> lock(running);
    return plan.run(n, x, y);
  }
  ThreadPool own;
  Plan plan;
  std::mutex running;  // one run at a time: runners and the main thread take turns
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
  void execute() override { status_ = owned_->run(n_, x_.data(), y_.data()); }
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
    return DefineClass(env, "Plan",
                       {InstanceMethod<&PlanObject::conv2d>("conv2d"), InstanceMethod<&PlanObject::quantized_conv2d>("quantizedConv2d"),
                        InstanceMethod<&PlanObject::pool>("pool"), InstanceMethod<&PlanObject::normalize>("normalize"),
                        InstanceMethod<&PlanObject::activate>("activate"), InstanceMethod<&PlanObject::add>("add"),
                        InstanceMethod<&PlanObject::quantize>("quantize"), InstanceMethod<&PlanObject::finish>("finish"),
                        InstanceMethod<&PlanObject::run>("run"), InstanceMethod<&PlanObject::run_sync>("runSync"),
                        InstanceMethod<&PlanObject::dispose>("dispose"), InstanceAccessor<&PlanObject::memory>("memory")});
  }

  // (elements of the input, threads | undefined)
  explicit PlanObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const Arguments args(info, "Plan");
    const size_t elems = integer(args(0, "inputElements"), 1, kMaxElems);
    const size_t own = args.absent(1) ? 0 : integer(args(1, "threads"), 1, kMaxThreads);
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
  // { kind, x, filters, bias?, scale?, shift?, residual?, activation?, geometry }
  Napi::Value conv2d(const Napi::CallbackInfo& info) {
    const NamedArguments args(info, "conv2d", {"kind", "x", "filters", "bias", "scale", "shift", "residual", "activation", "geometry"});
    const Activation activation = activation_of(args["activation"]);
    Plan& plan = building(args);
    const std::string kind = args["kind"].string();
    const ConvShape s = image_shape(args);
    const size_t x = float_value(args["x"]), residual = args["residual"].absent() ? kNoValue : float_value(args["residual"]);
    const View<float> filters = args["filters"].array<float>(s.w_elems), bias = args["bias"].optional_array<float>(s.co);
    const View<float> scale = args["scale"].optional_array<float>(s.co), shift = args["shift"].optional_array<float>(s.co);
    check_elems(args, x, s.x_elems);
    check_elems(args, residual, s.y_elems);
    if (!scale.data != !shift.data) args.fail("ERR_ARGUMENT", "scale and shift come together");
    const Epilogue epilogue = {bias.data, scale.data, shift.data, activation};
    std::unique_ptr<PackedConvolution> packed;
    if (kind == "adder") packed = pack_adder_conv2d(plan.kernels(), plan.pool(), s, filters.data, epilogue);
    else if (kind == "conv") packed = pack_conv2d(plan.kernels(), plan.pool(), s, filters.data, epilogue);
    else if (kind != "xnor") args.fail("ERR_ARGUMENT", "kind is '" + kind + "', expected adder, conv or xnor");
    else if (s.k > kMostSigns) args.check(Status::kShape);
    else packed = pack_xnor_conv2d(plan.kernels(), plan.pool(), s, filters.data, epilogue);
    return add_step(args, convolution_step(std::move(packed)), x, residual, s.y_elems);
  }

  // { kind, x, filters, padValue, scale, shift, residual?, residualScale?, output, qmax?, activation?, geometry }
  Napi::Value quantized_conv2d(const Napi::CallbackInfo& info) {
    const NamedArguments args(
        info, "quantizedConv2d",
        {"kind", "x", "filters", "padValue", "scale", "shift", "residual", "residualScale", "output", "qmax", "activation", "geometry"});
    const Activation activation = activation_of(args["activation"]);
    Plan& plan = building(args);
    const std::string kind = args["kind"].string(), output = args["output"].string();
    if (kind != "adder" && kind != "conv") args.fail("ERR_ARGUMENT", "kind is '" + kind + "', expected adder or conv");
    if (output != "u8" && output != "f32") args.fail("ERR_ARGUMENT", "output is '" + output + "', expected u8 or f32");
    const bool adder = kind == "adder";
    const ConvShape s = image_shape(args);
    if (s.k > (adder ? kMostL1Bytes : kMostDotBytes)) args.check(Status::kShape);
    const size_t x = value(args["x"], Numbers::kBytes), residual = args["residual"].absent() ? kNoValue : any_value(args["residual"]);
    check_elems(args, x, s.x_elems);
    check_elems(args, residual, s.y_elems);
    const auto pad_value = args["padValue"].integer<uint8_t>();
    IntegerEpilogue epilogue = {};
    epilogue.scale = args["scale"].array<float>(s.co).data;
    epilogue.shift = args["shift"].array<float>(s.co).data;
    epilogue.residual_is_bytes = residual != kNoValue && plan.numbers(residual) == Numbers::kBytes;
    epilogue.residual_scale = args["residualScale"].absent() ? 1 : static_cast<float>(args["residualScale"].number());
    epilogue.into_bytes = output == "u8";
    if (epilogue.into_bytes) epilogue.q_max = qmax(args["qmax"]);
    if (epilogue.into_bytes && activation.has_bound()) args.fail("ERR_ARGUMENT", "activation is of floats: bytes end at 0 and qmax");
    epilogue.activation = activation;
    const Argument filters = args["filters"];
    auto packed = adder ? pack_adder_conv2d(plan.kernels(), plan.pool(), s, filters.array<uint8_t>(s.w_elems).data, pad_value)
                        : pack_int8_conv2d(plan.kernels(), plan.pool(), s, filters.array<int8_t>(s.w_elems).data, pad_value, false);
    return add_step(args, integer_convolution_step(std::move(packed), s.co, epilogue), x, residual, s.y_elems,
                    epilogue.into_bytes ? Numbers::kBytes : Numbers::kFloats);
  }

  // { mode, x, geometry }
  Napi::Value pool(const Napi::CallbackInfo& info) {
    const NamedArguments args(info, "pool", {"mode", "x", "geometry"});
    building(args);
    const std::string mode = args["mode"].string();
    if (mode != "max" && mode != "average") args.fail("ERR_ARGUMENT", "mode is '" + mode + "', expected max or average");
    const ConvShape s = image_shape(args);
    const size_t x = float_value(args["x"]);
    if (s.groups != 1 || s.co != s.ci || s.dh != 1 || s.dw != 1) args.check(Status::kShape);
    check_elems(args, x, s.x_elems);
    return add_step(args, mode == "max" ? max_pool_step(s) : average_pool_step(s), x, kNoValue, s.y_elems);
  }

  // { x, mean, scale, shift, residual?, activation? }
  Napi::Value normalize(const Napi::CallbackInfo& info) {
    const NamedArguments args(info, "normalize", {"x", "mean", "scale", "shift", "residual", "activation"});
    const Activation activation = activation_of(args["activation"]);
    const Plan& plan = building(args);
    const size_t x = float_value(args["x"]), residual = args["residual"].absent() ? kNoValue : float_value(args["residual"]);
    const View<float> mean = args["mean"].array<float>();
    const View<float> scale = args["scale"].array<float>(mean.length), shift = args["shift"].array<float>(mean.length);
    const size_t elems = plan.elems(x);
    if (mean.length == 0 || elems % mean.length != 0) args.fail("ERR_SHAPE", "x does not divide into the channels of mean");
    check_elems(args, residual, elems);
    return add_step(args, normalize_step(elems / mean.length, mean.length, mean.data, scale.data, shift.data, activation), x, residual,
                    elems);
  }

  // { x, activation }
  Napi::Value activate(const Napi::CallbackInfo& info) {
    const NamedArguments args(info, "activate", {"x", "activation"});
    const Activation activation = activation_of(args["activation"]);
    const size_t elems = building(args).elems(float_value(args["x"]));
    if (args["activation"].absent()) args.fail("ERR_ARGUMENT", "activation is undefined");
    return add_step(args, activation_step(elems, activation), float_value(args["x"]), kNoValue, elems);
  }

  // { a, b }
  Napi::Value add(const Napi::CallbackInfo& info) {
    const NamedArguments args(info, "add", {"a", "b"});
    const Plan& plan = building(args);
    const size_t a = float_value(args["a"]), b = float_value(args["b"]);
    check_elems(args, b, plan.elems(a));
    return add_step(args, ::add_step(plan.elems(a)), a, b, plan.elems(a));
  }

  // { x, scale, zeroPoint, qmax }
  Napi::Value quantize(const Napi::CallbackInfo& info) {
    const NamedArguments args(info, "quantize", {"x", "scale", "zeroPoint", "qmax"});
    const Plan& plan = building(args);
    const size_t x = float_value(args["x"]), elems = plan.elems(x);
    const auto scale = static_cast<float>(args["scale"].number());
    if (!(scale > 0)) args.fail("ERR_ARGUMENT", "scale is not positive");
    return add_step(args, quantize_step(elems, scale, args["zeroPoint"].integer<uint8_t>(), qmax(args["qmax"])), x, kNoValue, elems,
                    Numbers::kBytes);
  }

  // (output)
  void finish(const Napi::CallbackInfo& info) {
    const Arguments args(info, "finish");
    building(args).finish(float_value(args(0, "output")));
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
    const Status status = owned_->run(batch.n, batch.x.data, batch.y.data);
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
    if (n != integer(args(2, "n"), 1, kMaxElems)) args.fail("ERR_SHAPE", "x is not as long as n images");
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
  size_t any_value(const Argument& argument) const { return integer(argument, 0, static_cast<double>(owned_->plan.values() - 1)); }
  size_t value(const Argument& argument, Numbers numbers) const {
    const size_t number = any_value(argument);
    if (owned_->plan.numbers(number) != numbers) argument.fail("ERR_DTYPE", "is a value of another dtype than expected");
    return number;
  }
  size_t float_value(const Argument& argument) const { return value(argument, Numbers::kFloats); }
  void check_elems(const Arguments& args, size_t value, size_t elems) const {
    if (value != kNoValue && owned_->plan.elems(value) != elems) args.check(Status::kShape);
  }
  static size_t integer(const Argument& argument, double min, double max) {
    return static_cast<size_t>(argument.integer_in_range(min, max));
  }
  static uint8_t qmax(const Argument& argument) { return static_cast<uint8_t>(argument.integer_in_range(1, 255)); }
  // Plans are made for one image; a run says how many there are.
  static ConvShape image_shape(const NamedArguments& args) {
    const ConvShape s = args["geometry"].conv_shape();
    if (s.n != 1) args.fail("ERR_SHAPE", "geometry is that of more than one image");
    return s;
  }
  // { min, max }, or undefined for none.
  static Activation activation_of(const Argument& argument) {
    if (argument.absent()) return kNoActivation;
    const Activation activation = {static_cast<float>(argument.field("min").number()), static_cast<float>(argument.field("max").number())};
    if (!(activation.min <= activation.max)) argument.fail("ERR_ARGUMENT", "has a min above its max, or a NaN");
    return activation;
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
