// class Plan: a network as nodes over one arena (native/plan/plan.h). It copies all it is built from. A run on another thread works on
// copies of its own, too: while it lasts, native code holds no memory of JavaScript's.
#include "../plan/plan.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "../conv2d/xnor.h"
#include "background.h"
#include "exports.h"
#include "pool_shape.h"
#include "rescaling.h"
#include "runtime.h"
#include "winograd_arguments.h"

namespace {
constexpr double kMaxElems = 1LL << 48;  // a petabyte: sizes in bytes stay far from what size_t holds

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// A plan, and its share of the threads where it has one of its own.
struct OwnedPlan {
  OwnedPlan(const KernelTable& kernels, ThreadPool& process, size_t threads, size_t input_elems)
      : own(threads), plan(kernels, threads ? own : process, input_elems) {}
  Status run(size_t n, const float* x, float* y) {
    const std::lock_guard<std::mutex> lock(running);
    return plan.run(n, x, y);
  }
  // times [rounds][1 + nodes]: in each round the seconds of an ordinary run, then those of every node. Other runs take turns with the
  // rounds.
  Status profile(size_t n, const float* x, float* y, size_t rounds, double* times) {
    for (size_t round = 0; round < rounds; ++round, times += 1 + plan.node_count()) {
      const std::lock_guard<std::mutex> lock(running);
      const double start = now();
      Status status = plan.run(n, x, y);
      times[0] = now() - start;
      if (status == Status::kOk) status = plan.profile(n, x, y, {now, times + 1});
      if (status != Status::kOk) return status;
    }
    return Status::kOk;
  }
  ThreadPool own;
  Plan plan;
  std::mutex running;  // one run at a time: runners and the main thread take turns
};

class PlanObject;

// One asynchronous run, or the rounds of a profile. It keeps the plan alive through a dispose, and the object that accounts for its memory.
class PlanRun : public Background {
 public:
  // rounds: of a profile; 0 for a run alone
  PlanRun(PlanObject& owner, Napi::Object self, std::shared_ptr<OwnedPlan> owned, size_t n, size_t rounds, AlignedBuffer<float> x,
          AlignedBuffer<float> y, Napi::Float32Array out, Napi::Function done)
      : Background(self.Env()),
        owner_(owner),
        owned_(std::move(owned)),
        n_(n),
        rounds_(rounds),
        x_(std::move(x)),
        y_(std::move(y)),
        times_(rounds * (1 + owned_->plan.node_count())),
        self_(Napi::Persistent(self)),
        out_(Napi::Persistent(out)),
        done_(Napi::Persistent(done)) {}

 private:
  Status work() override {
    if (rounds_ == 0) return owned_->run(n_, x_.data(), y_.data());
    return owned_->profile(n_, x_.data(), y_.data(), rounds_, times_.data());
  }
  void finish(Napi::Env env, Status status) override;

  PlanObject& owner_;
  const std::shared_ptr<OwnedPlan> owned_;
  const size_t n_, rounds_;
  AlignedBuffer<float> x_, y_;
  std::vector<double> times_;  // as OwnedPlan::profile writes them
  Napi::ObjectReference self_;
  Napi::Reference<Napi::Float32Array> out_;
  Napi::FunctionReference done_;
};

class PlanObject : public Napi::ObjectWrap<PlanObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Plan",
        {method<&PlanObject::conv2d>("conv2d"), method<&PlanObject::quantized_conv2d>("quantizedConv2d"), method<&PlanObject::pool>("pool"),
         method<&PlanObject::symmetric_pad>("symmetricPad"), method<&PlanObject::normalize>("normalize"),
         method<&PlanObject::activate>("activate"), method<&PlanObject::add>("add"), method<&PlanObject::quantize>("quantize"),
         method<&PlanObject::finish>("finish"), method<&PlanObject::run>("run"), method<&PlanObject::run_sync>("runSync"),
         method<&PlanObject::profile>("profile"), method<&PlanObject::memory>("memory"), method<&PlanObject::dispose>("dispose")});
  }

  // (elements of the input, threads | undefined)
  explicit PlanObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    with_coded_errors(info.Env(), "Plan", [&] {
      const Arguments args(info, "Plan");
      const size_t elems = integer(args(0, "inputElements"), 1, kMaxElems);
      const size_t own = args(1, "threads").absent() ? 0 : integer(args(1, "threads"), 1, kMaxThreads);
      owned_ = std::make_shared<OwnedPlan>(kernels(args.env()), threads(args.env()), own, elems);
    });
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
  template <auto kMethod>
  static PropertyDescriptor method(const char* name) {
    return InstanceMethod<&PlanObject::call<kMethod>>(name, napi_default, const_cast<char*>(name));
  }
  template <auto kMethod>
  Napi::Value call(const Napi::CallbackInfo& info) {
    const auto* const name = static_cast<const char*>(info.Data());
    return with_coded_errors(info.Env(), name, [&]() -> Napi::Value {
      const Arguments args(info, name);
      if constexpr (std::is_void_v<decltype((this->*kMethod)(args))>) return (this->*kMethod)(args), info.Env().Undefined();
      else return (this->*kMethod)(args);
    });
  }

  // { kind, isCentered?, isSymmetric?, x, filters, bias?, scale?, shift?, residual?, activation?, geometry }
  Napi::Value conv2d(const Arguments& call) {
    const NamedArguments args(
        call, {"kind", "isCentered", "isSymmetric", "x", "filters", "bias", "scale", "shift", "residual", "activation", "geometry"});
    const Activation activation = activation_of(args["activation"]);
    Plan& plan = building(args);
    const ConvKind kind = conv_kind(args["kind"]);
    const bool centered = adder_flag(args, "isCentered");
    const Conv2dShape s = conv2d_shape_of(args);
    const size_t x = value(args["x"], s.x_elems, DType::kF32), residual = optional_float_value(args["residual"], s.y_elems);
    const bool winograd = kind == ConvKind::kAdderWinograd;
    if (winograd) check_winograd(args["geometry"], s);
    const auto filters = args["filters"].array<const float>(winograd ? winograd_filter_elems(s) : s.w_elems),
               bias = args["bias"].optional_array<const float>(s.co);
    const auto scale = args["scale"].optional_array<const float>(s.co), shift = args["shift"].optional_array<const float>(s.co);
    if (!scale.data != !shift.data) args.fail("ERR_ARGUMENT", "scale and shift come together");
    if (kind == ConvKind::kXnor && s.k > kMaxSigns) args.check(Status::kShape);
    const Epilogue epilogue = {bias.data, scale.data, shift.data, activation, centered};
    return add_node(args, make_conv2d_node(plan.kernels(), plan.pool(), kind, s, filters.data, epilogue), x, residual);
  }

  // { x, height, width, channels }
  Napi::Value symmetric_pad(const Arguments& call) {
    const NamedArguments args(call, {"x", "height", "width", "channels"});
    building(args);
    const auto size_of = [&](const char* name) { return integer(args[name], 1, std::numeric_limits<int32_t>::max()); };
    const SymmetricPadSize size = {1, size_of("height"), size_of("width"), size_of("channels")};
    if (static_cast<double>(size.h + 1) * static_cast<double>(size.w + 1) * static_cast<double>(size.c) > kMaxElems)
      args.check(Status::kShape);
    return add_node(args, make_symmetric_pad_node(size), value(args["x"], size.x_elems(), DType::kF32));
  }

  // { kind, isCentered?, isSymmetric?, x, filters, padValue, offsets?, shifts?, constants?, scale, shift, residual?, residualScale?,
  // output, qmin?, qmax?, activation?, geometry }: x, a residual and an output that are quantized are of one type
  Napi::Value quantized_conv2d(const Arguments& call) {
    const NamedArguments args(call, {"kind", "isCentered", "isSymmetric", "x", "filters", "padValue", "offsets", "shifts", "constants",
                                     "scale", "shift", "residual", "residualScale", "output", "qmin", "qmax", "activation", "geometry"});
    const Activation activation = activation_of(args["activation"]);
    const Plan& plan = building(args);
    const Conv2dShape s = conv2d_shape_of(args);
    const size_t x = value(args["x"], s.x_elems);
    if (plan.value(x).dtype == DType::kI16) return quantized_conv2d_of<int16_t>(args, s, x, activation);
    return quantized_conv2d_of<uint8_t>(args, s, value(args["x"], s.x_elems, DType::kU8), activation);
  }

  template <class X>
  Napi::Value quantized_conv2d_of(const NamedArguments& args, const Conv2dShape& s, size_t x, const Activation& activation) {
    size_t residual = kNoValue;
    if (!args["residual"].absent()) {
      residual = value(args["residual"], s.y_elems);
      if (owned_->plan.value(residual).dtype != DType::kF32) residual = value(args["residual"], s.y_elems, kDTypeOf<X>);
    }
    QuantizedEpilogue<X> epilogue = {};
    epilogue.scale = args["scale"].array<const float>(s.co).data;
    epilogue.shift = args["shift"].array<const float>(s.co).data;
    epilogue.residual_scale = args["residualScale"].absent() ? 1 : static_cast<float>(args["residualScale"].number());
    epilogue.to_floats = output_type(args["output"], kDTypeOf<X>) == DType::kF32;
    epilogue.activation = activation;
    if (!epilogue.to_floats) {
      epilogue.range = range_of<X>(args["qmin"], args["qmax"]);
      if (activation.has_bound()) args["activation"].fail("ERR_ARGUMENT", "is of floats: quantized numbers end at qmin and qmax");
    }
    return add_node(args, make_quantized_conv2d_node(pack_quantized<X>(args, s), s, epilogue), x, residual);
  }

  // { mode, x, geometry }: the mean is of floats
  Napi::Value pool(const Arguments& call) {
    const NamedArguments args(call, {"mode", "x", "geometry"});
    const Plan& plan = building(args);
    const std::string mode = args["mode"].string();
    if (mode != "max" && mode != "average") args.fail("ERR_ARGUMENT", "mode is '" + mode + "', expected max or average");
    const Conv2dShape s = pool_shape(args, args["geometry"]);
    if (s.n != 1) args.check(Status::kShape);
    const size_t x = value(args["x"], s.x_elems);
    if (mode == "max") return add_node(args, make_max_pool_node(s, plan.value(x).dtype), x);
    return add_node(args, make_average_pool_node(s), value(args["x"], s.x_elems, DType::kF32));
  }

  // { x, mean, scale, shift, residual?, activation? }
  Napi::Value normalize(const Arguments& call) {
    const NamedArguments args(call, {"x", "mean", "scale", "shift", "residual", "activation"});
    const Activation activation = activation_of(args["activation"]);
    const Plan& plan = building(args);
    const size_t x = float_value(args["x"]), elems = plan.value(x).elems, residual = optional_float_value(args["residual"], elems);
    const auto mean = args["mean"].array<const float>();
    const size_t channels = mean.length;
    const auto scale = args["scale"].array<const float>(channels), shift = args["shift"].array<const float>(channels);
    if (channels == 0 || elems % channels != 0) args.fail("ERR_SHAPE", "x does not divide into the channels of mean");
    return add_node(args, make_normalize_node(elems / channels, channels, mean.data, scale.data, shift.data, activation), x, residual);
  }

  // { x, activation }
  Napi::Value activate(const Arguments& call) {
    const NamedArguments args(call, {"x", "activation"});
    const Activation activation = activation_of(args["activation"]);
    const Plan& plan = building(args);
    const size_t x = float_value(args["x"]);
    return add_node(args, make_activate_node(plan.value(x).elems, activation), x);
  }

  // { a, b }
  Napi::Value add(const Arguments& call) {
    const NamedArguments args(call, {"a", "b"});
    const Plan& plan = building(args);
    const size_t a = float_value(args["a"]), elems = plan.value(a).elems, b = value(args["b"], elems, DType::kF32);
    return add_node(args, make_add_node(elems), a, b);
  }

  // { x, output, scale, zeroPoint, qmin, qmax }
  Napi::Value quantize(const Arguments& call) {
    const NamedArguments args(call, {"x", "output", "scale", "zeroPoint", "qmin", "qmax"});
    building(args);
    const size_t x = float_value(args["x"]);
    switch (dtype(args["output"])) {
      case DType::kI16:
        return quantize_to<int16_t>(args, x);
      case DType::kU8:
        return quantize_to<uint8_t>(args, x);
      default:
        args["output"].fail("ERR_ARGUMENT", "is 'f32', expected u8 or i16");
    }
  }
  template <class Q>
  Napi::Value quantize_to(const NamedArguments& args, size_t x) {
    const auto scale = static_cast<float>(args["scale"].number());
    if (!(scale > 0)) args.fail("ERR_ARGUMENT", "scale is not positive");
    const Quantization<Q> to = {scale, args["zeroPoint"].integer<Q>(), range_of<Q>(args["qmin"], args["qmax"])};
    return add_node(args, make_quantize_node(owned_->plan.value(x).elems, to), x);
  }

  // (output)
  void finish(const Arguments& args) {
    args.check(building(args).finish(float_value(args(0, "output"))));
    account();
  }

  // (x, out, n, done): out is written when done is called. One at a time: a second run would hold a runner while it waits for the first.
  void run(const Arguments& args) { start_run(args, 0, args(3, "done").function()); }

  // (x, out, n, rounds, done): as run; done gets the times of OwnedPlan::profile
  void profile(const Arguments& args) {
    const size_t rounds = integer(args(3, "rounds"), 1, 1000);
    start_run(args, rounds, args(4, "done").function());
  }

  void start_run(const Arguments& args, size_t rounds, Napi::Function done) {
    const Batch batch = batch_of(args);
    AlignedBuffer<float> x(batch.x.length), y(batch.y.length);
    if (!x.ok() || !y.ok()) args.check(Status::kMemory);
    std::copy_n(batch.x.data, batch.x.length, x.data());
    start(Env(), std::make_unique<PlanRun>(*this, args.self(), owned_, batch.n, rounds, std::move(x), std::move(y),
                                           args(1, "out").object().As<Napi::Float32Array>(), done));
  }

  // (x, out, n)
  void run_sync(const Arguments& args) {
    const Batch batch = batch_of(args);
    args.check_no_overlap(batch.y, batch.x, "x");
    const Status status = owned_->run(batch.n, batch.x.data, batch.y.data);
    account();
    args.check(status);
  }

  // A run under way ends as it would have; the memory goes with it.
  void dispose(const Arguments&) {
    owned_.reset();
    account();
  }

  // A method and not an accessor: V8 sees to it that the receiver of a method is a plan, and not an object of another addon.
  Napi::Value memory(const Arguments&) { return Napi::Number::New(Env(), owned_ ? static_cast<double>(owned_->plan.bytes()) : 0); }

  struct Batch {
    size_t n;
    View<const float> x;
    View<float> y;
  };
  Batch batch_of(const Arguments& args) const {
    const Plan& plan = alive(args);
    if (!plan.finished()) args.fail("ERR_ARGUMENT", "the plan is not finished");
    const size_t n = integer(args(2, "n"), 1, kMaxElems);
    if (n > kMaxElems / plan.input_elems() || n > kMaxElems / plan.output_elems()) args.check(Status::kShape);
    return {n, args(0, "x").array<const float>(n * plan.input_elems()), args(1, "out").array<float>(n * plan.output_elems())};
  }

  Plan& alive(const Arguments& args) const {
    if (!owned_) args.fail("ERR_DISPOSED", "the plan was disposed");
    return owned_->plan;
  }
  Plan& building(const Arguments& args) const {
    if (alive(args).finished()) args.fail("ERR_ARGUMENT", "the plan is finished");
    return owned_->plan;
  }
  // The number of a value, checked.
  size_t value(const Argument& argument) const { return integer(argument, 0, static_cast<double>(owned_->plan.value_count() - 1)); }
  size_t value(const Argument& argument, size_t elems) const {
    const size_t number = value(argument), own = owned_->plan.value(number).elems;
    if (own != elems) argument.fail("ERR_SHAPE", "has " + std::to_string(own) + " elements an image, expected " + std::to_string(elems));
    return number;
  }
  size_t value(const Argument& argument, size_t elems, DType dtype) const {
    const size_t number = value(argument, elems);
    const DType own = owned_->plan.value(number).dtype;
    if (own != dtype) argument.fail("ERR_DTYPE", "is a value of " + name_of(own) + ", expected " + name_of(dtype));
    return number;
  }
  size_t float_value(const Argument& argument) const { return value(argument, owned_->plan.value(value(argument)).elems, DType::kF32); }
  size_t optional_float_value(const Argument& argument, size_t elems) const {
    return argument.absent() ? kNoValue : value(argument, elems, DType::kF32);
  }

  static size_t integer(const Argument& argument, double min, double max) {
    return static_cast<size_t>(argument.integer_in_range(min, max));
  }
  static ConvKind conv_kind(const Argument& argument) {
    const std::string kind = argument.string();
    if (kind == "adder") return ConvKind::kAdder;
    if (kind == "adder-winograd") return ConvKind::kAdderWinograd;
    if (kind == "conv") return ConvKind::kConv;
    if (kind == "xnor") return ConvKind::kXnor;
    argument.fail("ERR_ARGUMENT", "is '" + kind + "', expected adder, adder-winograd, conv or xnor");
  }
  static DType dtype(const Argument& argument) {
    const std::string name = argument.string();
    for (const DType dtype : {DType::kF32, DType::kU8, DType::kI16})
      if (name == name_of(dtype)) return dtype;
    argument.fail("ERR_ARGUMENT", "is '" + name + "', expected f32, u8 or i16");
  }
  static std::string name_of(DType dtype) { return dtype == DType::kF32 ? "f32" : dtype == DType::kU8 ? "u8" : "i16"; }
  // Floats, or numbers of the type that the node reads.
  static DType output_type(const Argument& argument, DType quantized) {
    const DType own = dtype(argument);
    if (own != DType::kF32 && own != quantized)
      argument.fail("ERR_ARGUMENT", "is '" + name_of(own) + "', expected f32 or " + name_of(quantized));
    return own;
  }
  // Plans are made for one image; a run says how many there are.
  static Conv2dShape image_shape(const Argument& geometry) {
    const Conv2dShape s = geometry.conv2d_shape();
    if (s.n != 1) geometry.fail("ERR_SHAPE", "is that of more than one image");
    return s;
  }
  // A field that only adders may have as true.
  static bool adder_flag(const NamedArguments& args, const char* name) {
    const bool flag = !args[name].absent() && args[name].boolean();
    if (flag && conv_kind(args["kind"]) != ConvKind::kAdder) args[name].fail("ERR_ARGUMENT", "is true, expected false: kind is not adder");
    return flag;
  }
  // The geometry of a symmetric convolution is that of the padded image.
  static Conv2dShape conv2d_shape_of(const NamedArguments& args) {
    Conv2dShape s = image_shape(args["geometry"]);
    if (adder_flag(args, "isSymmetric")) args.check(pad_symmetrically(&s));
    return s;
  }
  // { min, max }, or undefined for none.
  static Activation activation_of(const Argument& argument) {
    if (argument.absent()) return kNoActivation;
    const Activation activation = {static_cast<float>(argument.field("min").number()), static_cast<float>(argument.field("max").number())};
    if (!(activation.min <= activation.max)) argument.fail("ERR_ARGUMENT", "has a min above its max, or a NaN");
    return activation;
  }
  template <class X>
  std::unique_ptr<PackedIntegerConv2d<X>> pack_quantized(const NamedArguments& args, const Conv2dShape& s) const {
    constexpr bool kBytes = std::is_same_v<X, uint8_t>;
    const Plan& plan = owned_->plan;
    const ConvKind kind = conv_kind(args["kind"]);
    const bool centered = adder_flag(args, "isCentered");
    const auto pad_value = args["padValue"].integer<X>();
    const Argument& filters = args["filters"];
    if (kind == ConvKind::kAdder) {
      if (s.k > (kBytes ? kMaxL1Bytes : kMaxL1Shorts)) args.check(Status::kShape);
      return pack_adder_conv2d(plan.kernels(), plan.pool(), s, filters.array<const X>(s.w_elems).data, pad_value, centered);
    }
    if (kind == ConvKind::kAdderWinograd) {
      check_winograd(args["geometry"], s);
      return WinogradArguments<X>(args, s).pack(plan.kernels(), plan.pool(), s);
    }
    if constexpr (kBytes)
      if (kind == ConvKind::kConv) {
        if (s.k > kMaxDotBytes) args.check(Status::kShape);
        return pack_int8_conv2d(plan.kernels(), plan.pool(), s, filters.array<const int8_t>(s.w_elems).data, pad_value, false);
      }
    args["kind"].fail("ERR_ARGUMENT", kBytes ? "is 'xnor', expected adder, adder-winograd or conv"
                                             : "is of bytes alone: int16 has adder and adder-winograd");
  }

  Napi::Value add_node(const Arguments& args, std::unique_ptr<Node> node, size_t x, size_t other = kNoValue) {
    if (!node) args.check(Status::kMemory);
    return Napi::Number::New(Env(), static_cast<double>(owned_->plan.add(std::move(node), x, other)));
  }

  std::shared_ptr<OwnedPlan> owned_;  // null once disposed
  int64_t accounted_ = 0;
};

// Where a worker ends, the call of `done` throws.
void PlanRun::finish(Napi::Env env, Status status) {
  Napi::Float32Array out = out_.Value();
  if (out.ElementLength() * sizeof(float) != y_.bytes()) status = Status::kShape;  // its memory was taken away meanwhile
  if (status == Status::kOk) std::copy_n(y_.data(), out.ElementLength(), out.Data());
  owner_.account();
  if (rounds_ == 0) {
    done_.Call({code_of(env, status)});
    return;
  }
  Napi::Float64Array times = Napi::Float64Array::New(env, times_.size());
  std::copy(times_.begin(), times_.end(), times.Data());
  done_.Call({code_of(env, status), times});
}
}  // namespace

void export_plan(Exports& exports) { exports.set("Plan", PlanObject::define(exports.env())); }
