// libFuzzer: plans of any nodes with any fields that native/binding/plan.cc lets through, up to sizes that no memory holds. What is small
// enough runs, several times with different numbers of images, and is bit-identical to its nodes run one by one on arrays of their own.
#include <vector>

#include "conv2d/winograd.h"
#include "conv2d/winograd_integer.h"
#include "conv2d/xnor.h"
#include "fuzz_case.h"
#include "plan/plan.h"

namespace {
constexpr size_t kMaxElems = 4000, kMaxWork = 30000;  // of a value and of a node, to be run

struct Size {
  size_t h, w, c;
};

// Operands of one type, alike in each of the two copies of a node.
class PlanFuzzer {
 public:
  PlanFuzzer(Case& c, const KernelTable& kernels)
      : c_(c),
        kernels_(kernels),
        pool_(c.bytes.integer(1, 3)),
        sizes_{{c.bytes.integer(1, 12), c.bytes.integer(1, 12), c.bytes.integer(1, 20)}},
        types_{{sizes_[0].h * sizes_[0].w * sizes_[0].c, DType::kF32}} {
    if (c.bytes.integer(0, 15) == 15) widen();
  }

  void run() {
    for (size_t nodes = c_.bytes.integer(0, 24); nodes > 0; --nodes) add_node();
    const size_t output = pick(DType::kF32);
    Plan plan(kernels_, pool_, types_[0].elems);
    for (size_t i = 0; i < nodes_.size(); ++i)
      c_.expect(plan.add(std::move(nodes_[i]), inputs_[i].x, inputs_[i].other) == i + 1, "the number of a value");
    tally("Plan::finish", kernels_.isa);
    if (plan.finish(output) != Status::kOk) {
      c_.expect(!runs_, "small values are refused");
      return;
    }
    c_.expect(plan.finished() && plan.value_count() == types_.size(), "is not finished");
    for (int round = 0; runs_ && round < 2; ++round) compare(plan, output, c_.bytes.integer(1, 6));
  }

 private:
  struct Inputs {
    size_t x, other;
  };

  // An input of any size that the binding takes.
  void widen() {
    types_[0].elems = 1 + (static_cast<size_t>(c_.bytes.word()) << 16 | c_.bytes.word(2));
    sizes_[0] = {1, 1, types_[0].elems};
    runs_ = false;
  }

  size_t pick(DType dtype, size_t elems = 0) {
    std::vector<size_t> fitting;
    for (size_t i = 0; i < types_.size(); ++i)
      if (types_[i].dtype == dtype && (elems == 0 || types_[i].elems == elems)) fitting.push_back(i);
    return fitting.empty() ? kNoValue : fitting[fitting.size() - 1 - c_.bytes.integer(0, fitting.size() - 1)];
  }
  size_t pick_optional(size_t elems) { return c_.bytes.flag() ? pick(DType::kF32, elems) : kNoValue; }

  Activation activation() {
    constexpr Activation kActivations[] = {kNoActivation, kRelu, kRelu6, {-1, 1}};
    return c_.bytes.one_of(kActivations);
  }

  enum class Windows { kAny, kPooling, kWinograd, kSymmetric };

  // Of the value x, most often small, now and then any numbers; false if it is none.
  bool shape(size_t x, Windows windows, Conv2dShape* s) {
    const bool pooling = windows == Windows::kPooling;
    const Size size = sizes_[x];
    if (size.h > INT32_MAX || size.w > INT32_MAX || size.c > INT32_MAX) return false;
    const bool wild = c_.bytes.integer(0, 7) == 0;
    const auto number = [&](size_t max, uint32_t less = 0) {  // without sign until the end: a wild one may be INT32_MIN
      return static_cast<int32_t>((wild ? c_.bytes.word() >> c_.bytes.integer(0, 31) : uint32_t(c_.bytes.integer(1, max))) - less);
    };
    const auto ci = static_cast<int32_t>(size.c);
    const int32_t groups = pooling || c_.bytes.integer(0, 2) ? 1 : c_.bytes.flag() ? ci : number(4);
    const int32_t co = pooling ? ci : c_.bytes.flag() ? ci : number(30);
    int32_t geometry[kConv2dGeometryLength] = {1,
                                               static_cast<int32_t>(size.h),
                                               static_cast<int32_t>(size.w),
                                               ci,
                                               co,
                                               number(4),
                                               number(4),
                                               number(3),
                                               number(3),
                                               number(3, 1),
                                               number(3, 1),
                                               number(3, 1),
                                               number(3, 1),
                                               pooling ? 1 : number(2),
                                               pooling ? 1 : number(2),
                                               groups};
    if (windows == Windows::kWinograd) {
      std::fill_n(geometry + 5, 2, 3);
      std::fill_n(geometry + 7, 2, 1);
      std::fill_n(geometry + 13, 3, 1);
    }
    if (windows != Windows::kSymmetric) return make_conv2d_shape(geometry, s) == Status::kOk;
    if (size.h == INT32_MAX || size.w == INT32_MAX) return false;
    ++geometry[1];
    ++geometry[2];
    std::fill_n(geometry + 9, 4, 0);
    std::fill_n(geometry + 13, 3, 1);
    return make_conv2d_shape(geometry, s) == Status::kOk && pad_symmetrically(s) == Status::kOk;
  }
  Windows windows_of(bool winograd, bool adder) {
    if (winograd) return Windows::kWinograd;
    return adder && c_.bytes.flag() ? Windows::kSymmetric : Windows::kAny;
  }

  void add_node() {
    switch (c_.bytes.integer(0, 8)) {
      case 0:
      case 1:
        return add_conv2d();
      case 2:
        return c_.bytes.flag() ? add_quantized_conv2d<int16_t>() : add_quantized_conv2d<uint8_t>();
      case 3:
        return add_pool();
      case 8:
        return add_symmetric_pad();
      case 4: {
        const size_t x = pick(DType::kF32), channels = sizes_[x].c;
        if (channels > kMaxElems) return;
        const auto mean = c_.floats(channels), scale = c_.floats(channels), shift = c_.floats(channels);
        const Activation a = activation();
        return add(x, pick_optional(types_[x].elems), sizes_[x], types_[x].elems,
                   [&] { return make_normalize_node(types_[x].elems / channels, channels, mean.data(), scale.data(), shift.data(), a); });
      }
      case 5: {
        const size_t x = pick(DType::kF32);
        const Activation a = activation();
        return add(x, kNoValue, sizes_[x], types_[x].elems, [&] { return make_activate_node(types_[x].elems, a); });
      }
      case 6: {
        const size_t x = pick(DType::kF32);
        return add(x, pick(DType::kF32, types_[x].elems), sizes_[x], types_[x].elems, [&] { return make_add_node(types_[x].elems); });
      }
      default: {
        const size_t x = pick(DType::kF32);
        return c_.bytes.flag() ? add_quantize<int16_t>(x) : add_quantize<uint8_t>(x);
      }
    }
  }

  void add_conv2d() {
    const size_t x = pick(DType::kF32);
    constexpr ConvKind kKinds[] = {ConvKind::kAdder, ConvKind::kConv, ConvKind::kXnor, ConvKind::kAdderWinograd};
    const ConvKind kind = c_.bytes.one_of(kKinds);
    Conv2dShape s = {};
    const bool winograd = kind == ConvKind::kAdderWinograd;
    if (!shape(x, windows_of(winograd, kind == ConvKind::kAdder), &s) || s.w_elems > kMaxElems || s.co > kMaxElems) return;
    const auto filters = c_.floats(winograd ? winograd_filter_elems(s) : s.w_elems), bias = c_.floats(s.co), scale = c_.floats(s.co),
               shift = c_.floats(s.co);
    const bool has_bias = c_.bytes.flag(), has_scale = c_.bytes.flag(), centered = kind == ConvKind::kAdder && c_.bytes.flag();
    const Epilogue epilogue = {has_bias ? bias.data() : nullptr, has_scale ? scale.data() : nullptr, has_scale ? shift.data() : nullptr,
                               activation(), centered};
    add(x, pick_optional(s.y_elems), {s.ho, s.wo, s.co}, s.y_elems * s.k,
        [&] { return make_conv2d_node(kernels_, pool_, kind, s, filters.data(), epilogue); });
  }

  template <class Q>
  void add_quantize(size_t x) {
    const Quantization<Q> to = {0.05f, static_cast<Q>(c_.bytes.word(2)), c_.quantized_range<Q>()};
    add(x, kNoValue, sizes_[x], types_[x].elems, [&] { return make_quantize_node(types_[x].elems, to); });
  }

  template <class X>
  void add_quantized_conv2d() {
    constexpr bool kBytes = std::is_same_v<X, uint8_t>;
    const size_t x = pick(kDTypeOf<X>);
    const bool winograd = c_.bytes.integer(0, 2) == 0;
    Conv2dShape s = {};
    const bool adder = !kBytes || c_.bytes.flag();
    if (x == kNoValue || !shape(x, windows_of(winograd, adder), &s) || s.w_elems > kMaxElems || s.co > kMaxElems) return;
    const bool seven_bits = c_.bytes.flag(), centered = c_.bytes.flag();
    if (!winograd && s.k > (!adder ? kMaxDotBytes : kBytes ? kMaxL1Bytes : kMaxL1Shorts)) return;
    const auto filters = c_.integers<X>(winograd ? winograd_filter_elems(s) : s.w_elems);
    WinogradRounding rounding = {};
    for (size_t p = 0; winograd && p < kWinogradPositions; ++p) {
      rounding.offsets[p] = static_cast<int16_t>(static_cast<int16_t>(c_.random()) >> 1);
      rounding.shifts[p] = static_cast<uint8_t>(c_.random() % 3);
    }
    const auto weights = map(c_.integers<int8_t>(s.w_elems), [&](int8_t w) { return static_cast<int8_t>(seven_bits ? w >> 1 : w); });
    const auto pad_value = static_cast<X>(c_.bytes.word(2));
    const auto scale = c_.floats(s.co), shift = c_.floats(s.co);
    QuantizedEpilogue<X> epilogue = {scale.data(), shift.data(), c_.uniform(-1, 1), c_.bytes.flag(), c_.quantized_range<X>(),
                                     kNoActivation};
    if (epilogue.to_floats) epilogue.activation = activation();
    const size_t residual = c_.bytes.flag() ? pick(c_.bytes.flag() ? kDTypeOf<X> : DType::kF32, s.y_elems) : kNoValue;
    add(x, residual, {s.ho, s.wo, s.co}, s.y_elems * s.k, [&] {
      if (winograd) return make_quantized_conv2d_node(pack_winograd(s, filters.data(), pad_value, rounding), s, epilogue);
      if constexpr (kBytes)
        if (!adder)
          return make_quantized_conv2d_node(pack_int8_conv2d(kernels_, pool_, s, weights.data(), pad_value, seven_bits), s, epilogue);
      return make_quantized_conv2d_node(pack_adder_conv2d(kernels_, pool_, s, filters.data(), pad_value, centered), s, epilogue);
    });
  }

  std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_winograd(const Conv2dShape& s, const uint8_t* u, uint8_t pad_value,
                                                              const WinogradRounding& rounding) {
    return pack_winograd_adder_conv2d(kernels_, pool_, s, u, pad_value, rounding, nullptr);
  }
  std::unique_ptr<PackedIntegerConv2d<int16_t>> pack_winograd(const Conv2dShape& s, const int16_t* u, int16_t pad_value,
                                                              const WinogradRounding&) {
    return pack_winograd_adder_conv2d(kernels_, pool_, s, u, pad_value, nullptr);
  }

  void add_pool() {
    constexpr DType kTypes[] = {DType::kF32, DType::kU8, DType::kI16};
    const size_t x = pick(c_.bytes.one_of(kTypes));
    Conv2dShape s = {};
    if (x == kNoValue || !shape(x, Windows::kPooling, &s)) return;
    const DType dtype = types_[x].dtype;
    const bool largest = dtype != DType::kF32 || c_.bytes.flag();
    const auto window = static_cast<double>(s.kh) * static_cast<double>(s.kw);
    add(x, kNoValue, {s.ho, s.wo, s.ci}, static_cast<size_t>(std::min(1e15, static_cast<double>(s.y_elems) * window)),
        [&] { return largest ? make_max_pool_node(s, dtype) : make_average_pool_node(s); });
  }

  void add_symmetric_pad() {
    const size_t x = pick(DType::kF32);
    const auto [h, w, c] = sizes_[x];
    const SymmetricPadSize size = {1, h, w, c};
    add(x, kNoValue, {h + 1, w + 1, c}, size.y_elems(), [&] { return make_symmetric_pad_node(size); });
  }

  template <class Make>
  void add(size_t x, size_t other, const Size& size, size_t work, const Make& make) {
    std::unique_ptr<Node> node = make(), again = make();
    if (!node || !again) return;  // memory is out
    if (node->output().elems > kMaxElems || work > kMaxWork) runs_ = false;
    types_.push_back(node->output());
    sizes_.push_back(size);
    inputs_.push_back({x, other});
    nodes_.push_back(std::move(node));
    copies_.push_back(std::move(again));
  }

  void compare(Plan& plan, size_t output, size_t n) {
    const auto x = c_.floats(n * types_[0].elems);
    Array<float> y(n * types_[output].elems);
    const Status status = plan.run(n, x.data(), y.data());
    tally("Plan::run", kernels_.isa);
    std::vector<Array<float>> floats;
    std::vector<Array<uint8_t>> bytes;
    std::vector<Array<int16_t>> shorts;
    for (const ValueType& type : types_) {
      floats.emplace_back(type.dtype == DType::kF32 ? n * type.elems : 0);
      bytes.emplace_back(type.dtype == DType::kU8 ? n * type.elems : 0);
      shorts.emplace_back(type.dtype == DType::kI16 ? n * type.elems : 0);
    }
    std::copy_n(x.data(), x.size(), floats[0].data());
    const auto data = [&](size_t value) -> void* {
      const DType dtype = types_[value].dtype;
      if (dtype == DType::kF32) return floats[value].data();
      return dtype == DType::kU8 ? static_cast<void*>(bytes[value].data()) : shorts[value].data();
    };
    const auto input = [&](size_t value) -> Value {
      if (value == kNoValue) return {nullptr, DType::kF32};
      return {data(value), types_[value].dtype};
    };
    ThreadPool alone(1);
    for (size_t i = 0; i < copies_.size(); ++i) {
      const auto [from, other] = inputs_[i];
      const Status of_node = copies_[i]->run({kernels_, alone, n, input(from), input(other), {data(i + 1), types_[i + 1].dtype}});
      if (of_node == Status::kOk) continue;
      c_.expect(status == of_node, "a node fails and the plan does not");
      return;
    }
    c_.expect(status == Status::kOk, "the plan fails and no node does");
    for (size_t i = 0; i < y.size(); ++i)
      c_.expect(std::memcmp(&y[i], &floats[output][i], sizeof(float)) == 0 || (std::isnan(y[i]) && std::isnan(floats[output][i])),
                "the plan differs from its nodes");
  }

  Case& c_;
  const KernelTable& kernels_;
  ThreadPool pool_;
  std::vector<Size> sizes_;
  std::vector<ValueType> types_;
  std::vector<Inputs> inputs_;
  std::vector<std::unique_ptr<Node>> nodes_, copies_;
  bool runs_ = true;
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SupportedTables& supported = supported_tables();
  for (size_t i = 0; i < supported.count; ++i) {
    Case c(data, size);
    PlanFuzzer(c, *supported.tables[i]).run();
  }
  return 0;
}
