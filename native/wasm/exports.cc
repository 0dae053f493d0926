// The exports of the WebAssembly module: networks as plans (plan/plan.h), for sessions alone. JavaScript writes what a call takes into
// memory that it had from `allocate` (fields.h). A method gives the number of the value that it makes, or of its Status, negative.
#include <new>

#include "../conv2d/winograd_integer.h"
#include "../conv2d/winograd.h"
#include "../conv2d/xnor.h"
#include "../cpu/dispatch.h"
#include "../plan/plan.h"
#include "fields.h"

// Where libc++ and libc++abi end the program, they would print a message first, which takes files: a trap, which JavaScript catches, is
// enough.
void std::__libcpp_verbose_abort(const char*, ...) { __builtin_trap(); }
extern "C" [[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }

#define EXPORT(name) extern "C" __attribute__((export_name(#name))) auto name

namespace {
constexpr std::align_val_t kAlign{16};

int32_t error(Status status) { return -static_cast<int32_t>(status); }

// A value that a node reads; kNoValue if it is not there, or is another than the node takes.
size_t value_of(const Plan& plan, int32_t number, DType dtype) {
  if (number < 0 || static_cast<size_t>(number) >= plan.value_count() || plan.value(number).dtype != dtype) return kNoValue;
  return number;
}
size_t value_of(const Plan& plan, int32_t number, DType dtype, size_t elems) {
  const size_t value = value_of(plan, number, dtype);
  return value != kNoValue && plan.value(value).elems == elems ? value : kNoValue;
}
// Of a residual, which may be left out.
bool is_absent_or(size_t value, int32_t number) { return number < 0 || value != kNoValue; }

template <class T>
bool has(const Array<T>& array, size_t length) {
  return array.data && array.length == length;
}
template <class T>
bool is_absent_or_has(const Array<T>& array, size_t length) {
  return !array.data || array.length == length;
}

// The shape of a convolution of one image.
bool shape_of(const int32_t* geometry, bool symmetric, Conv2dShape* shape) {
  return make_conv2d_shape(geometry, shape) == Status::kOk && shape->n == 1 && (!symmetric || pad_symmetrically(shape) == Status::kOk);
}

// Where a kind may be centered or symmetric.
bool fits_kind(ConvKind kind, bool centered, bool symmetric, const Conv2dShape& s) {
  if (kind == ConvKind::kAdderWinograd && !fits_winograd(s)) return false;
  return kind == ConvKind::kAdder || !(centered || symmetric);
}

int32_t add_node(Plan& plan, std::unique_ptr<Node> node, size_t x, size_t other = kNoValue) {
  if (!node) return error(Status::kMemory);
  return static_cast<int32_t>(plan.add(std::move(node), x, other));
}

template <class Numbers>
bool all_within(const Numbers& numbers, int min, int max) {
  for (uint32_t i = 0; i < numbers.length; ++i)
    if (numbers.data[i] < min || numbers.data[i] > max) return false;
  return true;
}

// Null, with the reason, if the fields do not fit or memory is out.
template <class X>
std::unique_ptr<PackedIntegerConv2d<X>> pack(const Plan& plan, const QuantizedConv2dFields& f, const Conv2dShape& s, Status* why) {
  constexpr bool kBytes = sizeof(X) == 1;
  const auto* const filters = static_cast<const X*>(f.filters.data);
  const auto pad_value = static_cast<X>(f.pad_value);
  *why = Status::kShape;
  if (!filters || pad_value != f.pad_value) return nullptr;
  if (f.kind == ConvKind::kAdder) {
    if (f.filters.length != s.w_elems || s.k > (kBytes ? kMaxL1Bytes : kMaxL1Shorts)) return nullptr;
    *why = Status::kMemory;
    return pack_adder_conv2d(plan.kernels(), plan.pool(), s, filters, pad_value, f.is_centered);
  }
  if (f.kind == ConvKind::kAdderWinograd) {
    if (f.filters.length != winograd_filter_elems(s) || !is_absent_or_has(f.constants, 4 * s.co)) return nullptr;
    if (!all_within(f.constants, -kMaxWinogradConstant, kMaxWinogradConstant)) return nullptr;
    if constexpr (kBytes) {
      if (!has(f.offsets, kWinogradPositions) || !has(f.shifts, kWinogradPositions)) return nullptr;
      if (!all_within(f.offsets, kMinWinogradOffset, kMaxWinogradOffset) || !all_within(f.shifts, 0, kMaxWinogradShift)) return nullptr;
      WinogradRounding rounding;
      std::copy_n(f.offsets.data, kWinogradPositions, rounding.offsets);
      std::copy_n(f.shifts.data, kWinogradPositions, rounding.shifts);
      if (s.ci > max_winograd_bytes(*std::max_element(std::begin(rounding.shifts), std::end(rounding.shifts)))) return nullptr;
      *why = Status::kMemory;
      return pack_winograd_adder_conv2d(plan.kernels(), plan.pool(), s, filters, pad_value, rounding, f.constants.data);
    } else {
      if (pad_value < kMinWinogradInput || pad_value > kMaxWinogradInput || s.ci > kMaxWinogradShorts) return nullptr;
      *why = Status::kMemory;
      return pack_winograd_adder_conv2d(plan.kernels(), plan.pool(), s, filters, pad_value, f.constants.data);
    }
  }
  if constexpr (kBytes)
    if (f.kind == ConvKind::kConv && f.filters.length == s.w_elems && s.k <= kMaxDotBytes) {
      *why = Status::kMemory;
      return pack_int8_conv2d(plan.kernels(), plan.pool(), s, static_cast<const int8_t*>(f.filters.data), pad_value, false);
    }
  return nullptr;
}

template <class X>
int32_t add_quantized_conv2d(Plan& plan, const QuantizedConv2dFields& f, const Conv2dShape& s) {
  const size_t x = value_of(plan, f.x, kDTypeOf<X>, s.x_elems);
  size_t residual = value_of(plan, f.residual, DType::kF32, s.y_elems);
  if (residual == kNoValue) residual = value_of(plan, f.residual, kDTypeOf<X>, s.y_elems);
  const bool to_floats = f.output == DType::kF32;
  const QuantizedRange<X> range = {static_cast<X>(f.qmin), static_cast<X>(f.qmax)};
  if (x == kNoValue || !is_absent_or(residual, f.residual) || !has(f.scale, s.co) || !has(f.shift, s.co) ||
      (!to_floats && (f.output != kDTypeOf<X> || range.min != f.qmin || range.max != f.qmax || range.min >= range.max)))
    return error(Status::kShape);
  Status why;
  std::unique_ptr<PackedIntegerConv2d<X>> packed = pack<X>(plan, f, s, &why);
  if (!packed) return error(why);
  const QuantizedEpilogue<X> epilogue = {f.scale.data, f.shift.data, f.residual_scale, to_floats, range, f.activation};
  return add_node(plan, make_quantized_conv2d_node(std::move(packed), s, epilogue), x, residual);
}

template <class Q>
int32_t add_quantize(Plan& plan, const QuantizeFields& f) {
  const size_t x = value_of(plan, f.x, DType::kF32);
  const Quantization<Q> to = {f.scale, static_cast<Q>(f.zero_point), {static_cast<Q>(f.qmin), static_cast<Q>(f.qmax)}};
  if (x == kNoValue || !(f.scale > 0) || to.zero_point != f.zero_point || to.range.min != f.qmin || to.range.max != f.qmax ||
      to.range.min >= to.range.max)
    return error(Status::kShape);
  return add_node(plan, make_quantize_node(plan.value(x).elems, to), x);
}
}  // namespace

// 16 bytes aligned, or null.
EXPORT(allocate)(size_t bytes)->void* { return ::operator new(bytes, kAlign, std::nothrow); }
EXPORT(release)(void* memory)->void { ::operator delete(memory, kAlign); }

// Null if memory is out.
EXPORT(create)(size_t input_elems)->Plan* { return new (std::nothrow) Plan(*active_table(), process_pool(), input_elems); }
EXPORT(destroy)(Plan* plan)->void { delete plan; }
EXPORT(bytes)(const Plan* plan)->size_t { return plan->bytes(); }

EXPORT(conv2d)(Plan* plan, const Conv2dFields* f)->int32_t {
  Conv2dShape s;
  if (!shape_of(f->geometry, f->is_symmetric, &s) || !fits_kind(f->kind, f->is_centered, f->is_symmetric, s)) return error(Status::kShape);
  const size_t x = value_of(*plan, f->x, DType::kF32, s.x_elems), residual = value_of(*plan, f->residual, DType::kF32, s.y_elems);
  const size_t filters = f->kind == ConvKind::kAdderWinograd ? winograd_filter_elems(s) : s.w_elems;
  if (x == kNoValue || !is_absent_or(residual, f->residual) || !has(f->filters, filters) || !is_absent_or_has(f->bias, s.co) ||
      !is_absent_or_has(f->scale, s.co) || !is_absent_or_has(f->shift, s.co) || !f->scale.data != !f->shift.data ||
      (f->kind == ConvKind::kXnor && s.k > kMaxSigns))
    return error(Status::kShape);
  const Epilogue epilogue = {f->bias.data, f->scale.data, f->shift.data, f->activation, f->is_centered != 0};
  return add_node(*plan, make_conv2d_node(plan->kernels(), plan->pool(), f->kind, s, f->filters.data, epilogue), x, residual);
}

EXPORT(quantized_conv2d)(Plan* plan, const QuantizedConv2dFields* f)->int32_t {
  Conv2dShape s;
  if (!shape_of(f->geometry, f->is_symmetric, &s) || !fits_kind(f->kind, f->is_centered, f->is_symmetric, s)) return error(Status::kShape);
  return value_of(*plan, f->x, DType::kI16) != kNoValue ? add_quantized_conv2d<int16_t>(*plan, *f, s)
                                                        : add_quantized_conv2d<uint8_t>(*plan, *f, s);
}

EXPORT(pool)(Plan* plan, const PoolFields* f)->int32_t {
  Conv2dShape s;
  if (!shape_of(f->geometry, false, &s) || s.groups != 1 || s.co != s.ci || s.dh != 1 || s.dw != 1) return error(Status::kShape);
  const size_t floats = value_of(*plan, f->x, DType::kF32, s.x_elems);
  if (!f->is_maximum) return floats == kNoValue ? error(Status::kShape) : add_node(*plan, make_average_pool_node(s), floats);
  for (const DType dtype : {DType::kF32, DType::kU8, DType::kI16}) {
    const size_t x = value_of(*plan, f->x, dtype, s.x_elems);
    if (x != kNoValue) return add_node(*plan, make_max_pool_node(s, dtype), x);
  }
  return error(Status::kShape);
}

EXPORT(symmetric_pad2d)(Plan* plan, const SymmetricPadFields* f)->int32_t {
  const SymmetricPadSize size = {1, f->height, f->width, f->channels};
  if (static_cast<double>(f->height + 1.0) * (f->width + 1.0) * f->channels > INT32_MAX) return error(Status::kShape);
  const size_t x = value_of(*plan, f->x, DType::kF32, size.x_elems());
  return x == kNoValue ? error(Status::kShape) : add_node(*plan, make_symmetric_pad_node(size), x);
}

EXPORT(normalize)(Plan* plan, const NormalizeFields* f)->int32_t {
  const size_t x = value_of(*plan, f->x, DType::kF32), channels = f->mean.length;
  if (x == kNoValue || channels == 0 || !has(f->scale, channels) || !has(f->shift, channels)) return error(Status::kShape);
  const size_t elems = plan->value(x).elems, residual = value_of(*plan, f->residual, DType::kF32, elems);
  if (elems % channels != 0 || !is_absent_or(residual, f->residual)) return error(Status::kShape);
  return add_node(*plan, make_normalize_node(elems / channels, channels, f->mean.data, f->scale.data, f->shift.data, f->activation), x,
                  residual);
}

EXPORT(activate)(Plan* plan, int32_t value, float min, float max)->int32_t {
  const size_t x = value_of(*plan, value, DType::kF32);
  return x == kNoValue ? error(Status::kShape) : add_node(*plan, make_activate_node(plan->value(x).elems, {min, max}), x);
}

EXPORT(add)(Plan* plan, int32_t first, int32_t second)->int32_t {
  const size_t a = value_of(*plan, first, DType::kF32), b = value_of(*plan, second, DType::kF32);
  if (a == kNoValue || b == kNoValue || plan->value(a).elems != plan->value(b).elems) return error(Status::kShape);
  return add_node(*plan, make_add_node(plan->value(a).elems), a, b);
}

EXPORT(quantize)(Plan* plan, const QuantizeFields* f)->int32_t {
  return f->output == DType::kI16 ? add_quantize<int16_t>(*plan, *f) : add_quantize<uint8_t>(*plan, *f);
}

EXPORT(finish)(Plan* plan, int32_t output)->int32_t {
  const size_t value = value_of(*plan, output, DType::kF32);
  return error(value == kNoValue ? Status::kShape : plan->finish(value));
}

EXPORT(output_elements)(const Plan* plan)->size_t { return plan->output_elems(); }

EXPORT(run)(Plan* plan, size_t n, const float* x, float* y)->int32_t { return error(plan->run(n, x, y)); }
