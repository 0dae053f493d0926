// Every primitive of every instruction set of this CPU against its definition, for random and special values.
#include "primitives.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "check.h"
#include "cpu/detect.h"
#include "guarded_memory.h"

namespace {
constexpr int kRounds = 200;
constexpr size_t kMaxBytes = 64, kMaxLanes = 16;
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kSpecial[] = {0.0f,
                              -0.0f,
                              kInf,
                              -kInf,
                              kNan,
                              1.0f,
                              -1.0f,
                              0x1p-126f,
                              0x1p-149f,
                              -0x1p-149f,
                              0x1p127f,
                              -0x1p127f,
                              0x1.fffffep127f,
                              -0x1.fffffep127f,
                              0.5f,
                              0.49999997f,
                              2.5f,
                              8388609.0f};

std::vector<const Primitives*> supported() {
  [[maybe_unused]] const CpuFeatures cpu = detect_cpu();
#if defined(ADDERNET_WASM)
  std::vector<const Primitives*> all = {&kPrimitivesWasmSimd128};
#else
  std::vector<const Primitives*> all = {&kPrimitivesScalar};
#endif
#if defined(ADDERNET_X64)
  if (cpu.sse41) all.push_back(&kPrimitivesSse41);
  if (cpu.avx2) all.push_back(&kPrimitivesAvx2);
  if (cpu.avx512) all.push_back(&kPrimitivesAvx512);
  if (cpu.avx512_vnni) all.push_back(&kPrimitivesAvx512Vnni);
  if (cpu.avx512_vpopcntdq) all.push_back(&kPrimitivesAvx512Vpopcntdq);
#if defined(ADDERNET_AVX2_VNNI)
  if (cpu.avx2_vnni) all.push_back(&kPrimitivesAvx2Vnni);
#endif
#elif defined(ADDERNET_ARM64)
  if (cpu.neon) all.push_back(&kPrimitivesNeon);
  if (cpu.neon_dotprod) all.push_back(&kPrimitivesNeonDotprod);
#endif
  return all;
}

// Numbers of any exponent, half of them special.
float any_float(Test& t) {
  if (t.random() % 2) return kSpecial[t.random() % (sizeof kSpecial / sizeof *kSpecial)];
  return std::ldexp(t.uniform(-1, 1), static_cast<int>(t.integer(0, 250)) - 140);
}
float finite_float(Test& t) {
  float v = any_float(t);
  while (!std::isfinite(v)) v = any_float(t);
  return v;
}
template <class T>
T any_integer(Test& t) {
  const T special[] = {0, 1, static_cast<T>(-1), std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  return t.random() % 4 ? static_cast<T>(t.random()) : special[t.random() % 5];
}
// Sums of two fit.
int32_t small_integer(Test& t) { return any_integer<int32_t>(t) / 2; }

template <class T, class Make>
void fill(T* values, size_t n, Make make) {
  for (size_t i = 0; i < n; ++i) values[i] = make();
}
template <class T>
void fill_bytes(Test& t, T* values) {
  fill(values, kMaxBytes / sizeof(T), [&] { return any_integer<T>(t); });
}

// The same bits, or both NaN.
bool same(float a, float b) { return std::isnan(a) ? std::isnan(b) : std::memcmp(&a, &b, sizeof a) == 0; }
// The same number: 0 and -0 are.
bool equal(float a, float b) { return std::isnan(a) ? std::isnan(b) : a == b; }

int16_t short_at(const uint8_t* bytes, size_t i) {
  int16_t v;
  std::memcpy(&v, bytes + i * sizeof v, sizeof v);
  return v;
}
int32_t int_at(const uint8_t* bytes, size_t i) {
  int32_t v;
  std::memcpy(&v, bytes + i * sizeof v, sizeof v);
  return v;
}
int64_t long_at(const uint8_t* bytes, size_t i) {
  int64_t v;
  std::memcpy(&v, bytes + i * sizeof v, sizeof v);
  return v;
}

void check_floats(Test& t, const FloatPrimitives& p) {
  const size_t n = p.lanes;
  float a[kMaxLanes + 1], b[kMaxLanes], c[kMaxLanes], y[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    fill(a, kMaxLanes + 1, [&] { return any_float(t); });
    fill(b, kMaxLanes, [&] { return any_float(t); });
    fill(c, kMaxLanes, [&] { return any_float(t); });
    const auto each = [&](const char* name, auto expected, bool (*is_right)(float, float)) {
      for (size_t l = 0; l < n; ++l) t.check(is_right(y[l], expected(l)), name, __FILE__, __LINE__);
    };
    p.copy(a + 1, y);  // at any alignment
    each(
        "copy", [&](size_t l) { return a[l + 1]; }, same);
    p.broadcast(a[0], y);
    each(
        "broadcast", [&](size_t) { return a[0]; }, same);
    p.add(a, b, y);
    each(
        "add", [&](size_t l) { return a[l] + b[l]; }, same);
    p.sub(a, b, y);
    each(
        "sub", [&](size_t l) { return a[l] - b[l]; }, same);
    p.mul(a, b, y);
    each(
        "mul", [&](size_t l) { return a[l] * b[l]; }, same);
    p.abs_diff(a, b, y);
    each(
        "abs_diff", [&](size_t l) { return std::fabs(a[l] - b[l]); }, same);
    p.where_positive(a, b, y);
    each(
        "where_positive", [&](size_t l) { return a[l] > 0 ? b[l] : 0.0f; }, same);
    p.multiply_add(a, b, c, y);
    each(
        "multiply_add", [&](size_t l) { return p.fuses ? std::fma(a[l], b[l], c[l]) : a[l] * b[l] + c[l]; }, same);

    float limit[kMaxLanes];
    fill(limit, kMaxLanes, [&] { return t.random() % 2 ? finite_float(t) : t.random() % 2 ? kInf : -kInf; });
    p.max(limit, b, y);  // a NaN in the datum stays; the sign of a 0 is open
    each(
        "max", [&](size_t l) { return std::isnan(b[l]) || b[l] > limit[l] ? b[l] : limit[l]; }, equal);
    p.min(limit, b, y);
    each(
        "min", [&](size_t l) { return std::isnan(b[l]) || b[l] < limit[l] ? b[l] : limit[l]; }, equal);
    p.l1_accumulate(c, limit, a, y);
    for (size_t l = 0; l < n; ++l)
      if (!std::isnan(a[l])) CHECK(equal(y[l], c[l] + (p.l1_needs_sums ? std::max(limit[l], a[l]) : std::fabs(limit[l] - a[l]))));

    float rows[kMaxLanes * kMaxLanes];  // whose sums are exact in any order
    fill(rows, n * n, [&] { return static_cast<float>(t.integer(0, 2000)) - 1000; });
    p.reduce_rows(rows, y);
    for (size_t l = 0; l < n; ++l) {
      float sum = 0;
      for (size_t i = 0; i < n; ++i) sum += rows[l * n + i];
      CHECK(same(y[l], sum));
    }
    const size_t stride = t.integer(4, 7);
    float block[kMaxLanes * 7], columns[4 * kMaxLanes];
    fill(block, n * stride, [&] { return any_float(t); });
    p.load_columns(block, stride, columns);
    for (size_t column = 0; column < 4; ++column)
      for (size_t l = 0; l < n; ++l) CHECK(same(columns[column * n + l], block[l * stride + column]));
  }
}

// The first n lanes of a vector of Memory, at the very end of a page; loaded ones become lanes of type Lane, the others are 0.
template <class Memory, class Lane>
void check_partial(Test& t, size_t lanes, void (*load)(const Memory*, size_t, Lane*), void (*store)(const Lane*, size_t, Memory*)) {
  for (size_t n = 0; n < lanes; ++n) {
    GuardedMemory memory;
    CHECK(memory.ok());
    if (!memory.ok()) return;
    Memory* const last = memory.last<Memory>(n);
    Lane lane[kMaxLanes], loaded[kMaxLanes];
    fill(lane, kMaxLanes, [&] { return static_cast<Lane>(t.random() % 256); });
    store(lane, n, last);
    CHECK(memory.is_intact_before(n * sizeof(Memory)));
    for (size_t l = 0; l < n; ++l) CHECK(last[l] == static_cast<Memory>(lane[l]));
    load(last, n, loaded);
    for (size_t l = 0; l < lanes; ++l) CHECK(loaded[l] == (l < n ? lane[l] : Lane{}));
    Memory within[2 * kMaxLanes];  // not at the end of anything: what lies behind stays
    fill(within, 2 * kMaxLanes, [] { return Memory{77}; });
    store(lane, n, within);
    for (size_t l = n; l < 2 * kMaxLanes; ++l) CHECK(within[l] == Memory{77});
    load(within, n, loaded);
    for (size_t l = n; l < lanes; ++l) CHECK(loaded[l] == Lane{});
  }
}

void check_bits(Test& t, const BitPrimitives& p) {
  const size_t n = p.lanes, iterations = std::min<size_t>(p.max_iterations, 200);
  const uint32_t mask = p.signs_per_word == 16 ? 0x0f0f0f0f : 0xffffffff;
  std::vector<uint32_t> x(iterations * n), w(iterations * n);
  float y[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    const bool all_differ = round == 0;  // the largest counts
    fill(x.data(), x.size(), [&] { return static_cast<uint32_t>(t.random()) & mask; });
    for (size_t i = 0; i < w.size(); ++i) w[i] = (all_differ ? ~x[i] : static_cast<uint32_t>(t.random())) & mask;
    const auto differences = [&](size_t l, bool one) {
      int count = 0;
      for (size_t i = 0; i < iterations; ++i) count += __builtin_popcount((one ? x[0] : x[i * n + l]) ^ w[i * n + l]);
      return static_cast<float>(count);
    };
    p.count(iterations, x.data(), w.data(), y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == differences(l, false));
    p.count_one(iterations, x[0], w.data(), y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == differences(l, true));
    uint32_t a[kMaxLanes], b[kMaxLanes];
    fill_bytes(t, a);
    fill_bytes(t, b);
    p.add(a, b, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == static_cast<float>(static_cast<int32_t>(a[l] + b[l])));
    p.sub(a, b, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == static_cast<float>(static_cast<int32_t>(a[l] - b[l])));
    float v[kMaxLanes];
    fill(v, kMaxLanes, [&] { return any_float(t); });
    uint32_t negative = 0;
    for (size_t l = 0; l < n; ++l) negative |= static_cast<uint32_t>(v[l] < 0) << l;
    CHECK(p.negative_lanes(v) == negative);
  }
}

// To the nearest integer, halves to the even one.
int32_t definition_of_round(float v, float q_min, float q_max) {
  if (!(v > q_min)) return static_cast<int32_t>(q_min);
  return static_cast<int32_t>(std::nearbyint(std::min(v, q_max)));
}

template <class Q>
void check_quantized(Test& t, const QuantizedPrimitives<Q>& p, size_t n) {
  constexpr size_t kElems = kMaxLanes + 8;
  Q q[kElems], stored[kElems];
  int32_t y[kMaxLanes];
  fill(q, kElems, [&] { return any_integer<Q>(t); });
  p.load(q + 1, y);
  for (size_t l = 0; l < n; ++l) CHECK(y[l] == q[l + 1]);
  std::memcpy(stored, q, sizeof q);
  p.store(y, stored + 3);
  for (size_t i = 0; i < kElems; ++i) CHECK(stored[i] == (i >= 3 && i < 3 + n ? y[i - 3] : q[i]));

  constexpr auto kMin = std::numeric_limits<Q>::min(), kMax = std::numeric_limits<Q>::max();
  float v[kMaxLanes];
  const bool halves = t.random() % 2;
  fill(v, kMaxLanes, [&] { return halves ? static_cast<float>(t.integer(0, 8 * kMax)) / 2 - 2 * kMax : any_float(t); });
  std::memcpy(stored, q, sizeof q);
  p.store_rounded(v, stored + 3);
  for (size_t i = 0; i < kElems; ++i)
    CHECK(stored[i] == (i >= 3 && i < 3 + n ? static_cast<Q>(definition_of_round(v[i - 3], kMin, kMax)) : q[i]));
}

void check_integers(Test& t, const IntegerPrimitives& p) {
  const size_t n = p.lanes;
  int32_t a[kMaxLanes], b[kMaxLanes], y[kMaxLanes];
  float u[kMaxLanes], v[kMaxLanes], f[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, a);
    p.copy(a, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == a[l]);
    p.to_float(a, f);
    for (size_t l = 0; l < n; ++l) CHECK(f[l] == static_cast<float>(a[l]));
    const int places = static_cast<int>(t.integer(0, 31));
    p.shift_left(a, places, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == static_cast<int32_t>(static_cast<uint32_t>(a[l]) << places));
    p.shift_right(a, places, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == std::floor(a[l] / std::exp2(places)));
    fill(a, kMaxLanes, [&] { return small_integer(t); });
    fill(b, kMaxLanes, [&] { return small_integer(t); });
    p.add(a, b, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == a[l] + b[l]);
    p.broadcast(a[0], y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == a[0]);
    fill(u, kMaxLanes, [&] { return any_float(t); });
    fill(v, kMaxLanes, [&] { return any_float(t); });
    p.div(u, v, f);
    for (size_t l = 0; l < n; ++l) CHECK(same(f[l], u[l] / v[l]));
    p.add_on_fma(u, v, f);
    for (size_t l = 0; l < n; ++l) CHECK(same(f[l], u[l] + v[l]));

    const auto q_max = static_cast<float>(t.integer(1, 255));
    if (round % 2) fill(v, kMaxLanes, [&] { return static_cast<float>(t.integer(0, 1200)) / 4 - 20; });  // halves
    p.round_within(v, 0, q_max, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == definition_of_round(v[l], 0, q_max));
    if (round % 2) fill(v, kMaxLanes, [&] { return static_cast<float>(t.integer(0, 140000)) / 2 - 35000; });
    p.round_within(v, -32768, 32767, y);
    for (size_t l = 0; l < n; ++l) CHECK(y[l] == definition_of_round(v[l], -32768, 32767));

    check_quantized(t, p.bytes, n);
    check_quantized(t, p.shorts, n);
  }
}

// The sums of four rows of one to three chunks.
template <class T>
void check_row_sums(Test& t, size_t elems, void (*row_sums)(const T*, size_t, int32_t*)) {
  const size_t chunks = t.integer(1, 3);
  T rows[4 * 3 * 16];
  int32_t sums[4];
  fill(rows, 4 * chunks * elems, [&] { return any_integer<T>(t); });
  row_sums(rows, chunks, sums);
  for (size_t r = 0; r < 4; ++r) CHECK(sums[r] == std::accumulate(rows + r * chunks * elems, rows + (r + 1) * chunks * elems, 0));
}

void check_x86(Test& t, const X86Primitives& p) {
  const size_t ints = p.bytes / 4, shorts = p.bytes / 2, longs = p.bytes / 8;
  uint8_t a[kMaxBytes], b[kMaxBytes], y[kMaxBytes];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, a);
    fill_bytes(t, b);
    p.copy(a, y);
    CHECK(std::memcmp(a, y, p.bytes) == 0);
    p.bit_and(a, b, y);
    for (size_t i = 0; i < p.bytes; ++i) CHECK(y[i] == (a[i] & b[i]));
    p.broadcast_u64(static_cast<uint64_t>(long_at(a, 0)), y);
    for (size_t i = 0; i < longs; ++i) CHECK(long_at(y, i) == long_at(a, 0));
    p.broadcast_u32(static_cast<uint32_t>(int_at(a, 0)), y);
    for (size_t i = 0; i < ints; ++i) CHECK(int_at(y, i) == int_at(a, 0));

    uint64_t long_y[kMaxBytes / 8];
    p.sad(a, b, long_y);
    for (size_t i = 0; i < longs; ++i) {
      uint64_t sum = 0;
      for (size_t j = 8 * i; j < 8 * i + 8; ++j) sum += static_cast<uint64_t>(std::abs(a[j] - b[j]));
      CHECK(long_y[i] == sum);
    }
    check_row_sums(t, 16, p.byte_row_sums);
    check_row_sums(t, 8, p.short_row_sums);
    p.sub_i64(a, b, long_y);
    for (size_t i = 0; i < longs; ++i) CHECK(long_y[i] == static_cast<uint64_t>(long_at(a, i)) - static_cast<uint64_t>(long_at(b, i)));
    int32_t int_y[kMaxBytes / 4], int_a[kMaxBytes / 4], int_b[kMaxBytes / 4];
    p.low_halves(a, b, int_y);
    for (size_t i = 0; i < ints; ++i) CHECK(int_y[i] == (i < longs ? int_at(a, 2 * i) : int_at(b, 2 * (i - longs))));
    p.madd_i16(a, b, int_y);
    for (size_t i = 0; i < ints; ++i) {
      const int64_t sum = int64_t{short_at(a, 2 * i)} * short_at(b, 2 * i) + int64_t{short_at(a, 2 * i + 1)} * short_at(b, 2 * i + 1);
      CHECK(static_cast<uint32_t>(int_y[i]) == static_cast<uint32_t>(sum));  // of four -32768 it wraps
    }
    fill(int_a, ints, [&] { return small_integer(t); });
    fill(int_b, ints, [&] { return small_integer(t); });
    p.sub_i32(int_a, int_b, int_y);
    for (size_t i = 0; i < ints; ++i) CHECK(int_y[i] == int_a[i] - int_b[i]);
    int16_t short_y[kMaxBytes / 2];
    p.max_i16(a, b, short_y);
    for (size_t i = 0; i < shorts; ++i) CHECK(short_y[i] == std::max(short_at(a, i), short_at(b, i)));
    p.max_u8(a, b, y);
    for (size_t i = 0; i < p.bytes; ++i) CHECK(y[i] == std::max(a[i], b[i]));
    p.add_i16(a, b, short_y);
    for (size_t i = 0; i < shorts; ++i) CHECK(short_y[i] == static_cast<int16_t>(short_at(a, i) + short_at(b, i)));
    p.broadcast_i8(static_cast<int8_t>(a[0]), y);
    for (size_t i = 0; i < p.bytes; ++i) CHECK(y[i] == a[0]);
    p.broadcast_i16(short_at(a, 0), short_y);
    for (size_t i = 0; i < shorts; ++i) CHECK(short_y[i] == short_at(a, 0));
    uint8_t rows[16 * kMaxLanes];
    fill(rows, sizeof rows, [&] { return any_integer<uint8_t>(t); });
    p.sums_of_16_bytes(rows, int_y);
    for (size_t i = 0; i < ints; ++i) CHECK(int_y[i] == std::accumulate(rows + 16 * i, rows + 16 * i + 16, 0));
    p.add_u16_pairs(a, int_y);
    for (size_t i = 0; i < ints; ++i)
      CHECK(int_y[i] == static_cast<uint16_t>(short_at(a, 2 * i)) + static_cast<uint16_t>(short_at(a, 2 * i + 1)));
    fill(int_a, ints, [&] { return small_integer(t) / 2; });
    fill(int_b, ints, [&] { return small_integer(t) / 2; });
    p.add_pairs(int_a, int_b, int_y);
    for (size_t i = 0; i < ints; ++i)
      CHECK(int_y[i] == (2 * i < ints ? int_a[2 * i] + int_a[2 * i + 1] : int_b[2 * i - ints] + int_b[2 * i + 1 - ints]));
    p.maddubs(a, b, short_y);
    for (size_t i = 0; i < shorts; ++i) {
      const int sum = a[2 * i] * static_cast<int8_t>(b[2 * i]) + a[2 * i + 1] * static_cast<int8_t>(b[2 * i + 1]);
      CHECK(short_y[i] == std::clamp(sum, -32768, 32767));
    }
  }
}

void check_sliding(Test& t, const SlidingPrimitives& p) {
  uint8_t rows[11][64], columns[16][64], x[kMaxBytes], taps[kMaxBytes], bytes_y[kMaxBytes];
  uint16_t a[32], b[32], y[32];
  int32_t ints[8][16], ints_y[8][16], halves[16];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, x);
    fill_bytes(t, taps);
    fill(a, 32, [&] { return static_cast<uint16_t>(t.random()); });
    fill(b, 32, [&] { return static_cast<uint16_t>(t.random()); });
    p.slide(a, taps, x, y);
    for (size_t j = 0; j < 32; ++j) {  // window j % 8 of lane j / 8; each two take a group of taps
      uint16_t sum = a[j];
      for (size_t tap = 0; tap < 4; ++tap)
        sum += static_cast<uint16_t>(std::abs(x[j / 8 * 16 + j % 8 + tap] - taps[j / 8 * 16 + j % 8 / 2 * 4 + tap]));
      CHECK(y[j] == sum);
    }
    p.add(a, b, y);
    for (size_t j = 0; j < 32; ++j) CHECK(y[j] == static_cast<uint16_t>(a[j] + b[j]));
    p.fourth_taps(x, y);
    for (size_t j = 0; j < 32; ++j) CHECK(y[j] == x[j / 8 * 16 + j % 8 + 3]);
    p.even(a, ints_y[0]);
    p.odd(a, ints_y[1]);
    for (size_t i = 0; i < 16; ++i) CHECK(ints_y[0][i] == a[2 * i] && ints_y[1][i] == a[2 * i + 1]);

    for (auto& row : rows) fill_bytes(t, row);
    const uint8_t* const lanes[4] = {rows[3], rows[0], rows[7], rows[5]};
    const size_t offset = t.integer(0, 48);
    p.load_lanes(lanes, offset, bytes_y);
    for (size_t i = 0; i < 64; ++i) CHECK(bytes_y[i] == lanes[i / 16][offset + i % 16]);
    p.transpose_bytes(rows, columns);
    for (size_t column = 0; column < 16; ++column)
      for (size_t lane = 0; lane < 4; ++lane)
        for (size_t row = 0; row < 11; ++row) CHECK(columns[column][lane * 16 + row] == rows[row][lane * 16 + column]);

    for (auto& numbers : ints) fill(numbers, 16, [&] { return small_integer(t); });
    p.transpose_columns(ints, ints_y);
    for (size_t element = 0; element < 4; ++element)
      for (size_t lane = 0; lane < 4; ++lane)
        for (size_t i = 0; i < 8; ++i) CHECK(ints_y[2 * element + lane / 2][lane % 2 * 8 + i] == ints[i][lane * 4 + element]);
    for (const int half : {0, 1}) {
      std::fill_n(halves, 16, 77);
      p.store_half(ints[0], half, halves);
      for (size_t i = 0; i < 16; ++i) CHECK(halves[i] == (i < 8 ? ints[0][8 * half + i] : 77));
    }
  }
}

// sum + the four products of a lane of 32 bits, x with or without sign
int32_t add_products(int32_t sum, const uint8_t* x, const uint8_t* w, size_t lane, bool is_signed) {
  for (size_t j = 4 * lane; j < 4 * lane + 4; ++j) sum += (is_signed ? static_cast<int8_t>(x[j]) : x[j]) * static_cast<int8_t>(w[j]);
  return sum;
}

void check_vnni(Test& t, const VnniPrimitives& p) {
  const size_t ints = p.bytes / 4;
  uint8_t x[kMaxBytes], w[kMaxBytes];
  int32_t a[kMaxLanes], y[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, x);
    fill_bytes(t, w);
    fill(a, ints, [&] { return small_integer(t); });
    p.dpbusd(a, x, w, y);
    for (size_t i = 0; i < ints; ++i) CHECK(y[i] == add_products(a[i], x, w, i, false));
    p.dpwssd(a, x, w, y);
    for (size_t i = 0; i < ints; ++i) {
      const int64_t sum = int64_t{short_at(x, 2 * i)} * short_at(w, 2 * i) + int64_t{short_at(x, 2 * i + 1)} * short_at(w, 2 * i + 1);
      CHECK(static_cast<uint32_t>(y[i]) == static_cast<uint32_t>(a[i] + sum));
    }
  }
}

void check_neon(Test& t, const NeonPrimitives& p) {
  uint8_t a[kMaxBytes], b[kMaxBytes], y[16];
  int32_t sums[8], int_y[8];
  uint16_t short_sums[8];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, a);
    fill_bytes(t, b);
    p.copy(a, y);
    CHECK(std::memcmp(a, y, 16) == 0);
    p.bit_and(a, b, y);
    for (size_t i = 0; i < 16; ++i) CHECK(y[i] == (a[i] & b[i]));
    p.broadcast_u32(static_cast<uint32_t>(int_at(a, 0)), y);
    for (size_t i = 0; i < 4; ++i) CHECK(int_at(y, i) == int_at(a, 0));
    p.broadcast_u16(static_cast<uint16_t>(short_at(a, 0)), y);
    for (size_t i = 0; i < 8; ++i) CHECK(short_at(y, i) == short_at(a, 0));
    fill(sums, 8, [&] { return small_integer(t) / 2; });
    p.negate(sums, int_y);
    for (size_t i = 0; i < 4; ++i) CHECK(int_y[i] == -sums[i]);
    fill(short_sums, 8, [&] { return static_cast<uint16_t>(t.integer(0, 65535 - 2 * 255)); });
    p.add_distances8(short_sums, a, b, int_y);
    for (size_t i = 0; i < 8; ++i) CHECK(int_y[i] == short_sums[i] + std::abs(a[2 * i] - b[2 * i]) + std::abs(a[2 * i + 1] - b[2 * i + 1]));
    p.add_distances16(sums, a, b, int_y);
    for (size_t i = 0; i < 4; ++i)
      CHECK(int_y[i] ==
            sums[i] + std::abs(short_at(a, 2 * i) - short_at(b, 2 * i)) + std::abs(short_at(a, 2 * i + 1) - short_at(b, 2 * i + 1)));
    p.add_products16(sums, a, b, int_y);
    for (size_t i = 0; i < 8; ++i)
      CHECK(static_cast<uint32_t>(int_y[i]) == static_cast<uint32_t>(sums[i] + int64_t{short_at(a, i)} * short_at(b, i)));
  }
}

void check_dotprod(Test& t, const DotprodPrimitives& p) {
  uint8_t x[kMaxBytes], w[kMaxBytes];
  int32_t sums[4], y[4];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, x);
    fill_bytes(t, w);
    fill(sums, 4, [&] { return small_integer(t); });
    p.add_four_products(sums, x, w, y);
    for (size_t i = 0; i < 4; ++i) CHECK(y[i] == add_products(sums[i], x, w, i, true));
    p.add_four_distances(sums, x, w, y);
    for (size_t i = 0; i < 4; ++i) {
      int32_t sum = sums[i];
      for (size_t j = 4 * i; j < 4 * i + 4; ++j) sum += std::abs(x[j] - w[j]);
      CHECK(y[i] == sum);
    }
  }
}

void check_wasm(Test& t, const WasmPrimitives& p) {
  uint8_t a[kMaxBytes], b[kMaxBytes], y[16];
  int16_t short_a[8], short_b[8], short_y[8];
  uint16_t unsigned_y[8];
  int32_t int_a[4], int_b[4], int_y[4];
  for (int round = 0; round < kRounds; ++round) {
    fill_bytes(t, a);
    fill_bytes(t, b);
    p.copy(a, y);
    CHECK(std::memcmp(a, y, 16) == 0);
    p.bit_and(a, b, y);
    for (size_t i = 0; i < 16; ++i) CHECK(y[i] == (a[i] & b[i]));
    p.max_u8(a, b, y);
    for (size_t i = 0; i < 16; ++i) CHECK(y[i] == std::max(a[i], b[i]));
    p.add_u8_pairs(a, unsigned_y);
    for (size_t i = 0; i < 8; ++i) CHECK(unsigned_y[i] == a[2 * i] + a[2 * i + 1]);
    p.sums_of_16_bytes(a, int_y);
    for (size_t i = 0; i < 4; ++i) CHECK(int_y[i] == std::accumulate(a + 16 * i, a + 16 * i + 16, 0));
    p.broadcast_u32(static_cast<uint32_t>(int_at(a, 0)), y);
    for (size_t i = 0; i < 4; ++i) CHECK(int_at(y, i) == int_at(a, 0));
    fill(unsigned_y, 8, [&] { return static_cast<uint16_t>(t.random()); });
    p.add_u16_pairs(unsigned_y, int_y);
    for (size_t i = 0; i < 4; ++i) CHECK(int_y[i] == unsigned_y[2 * i] + unsigned_y[2 * i + 1]);

    fill(short_a, 8, [&] { return any_integer<int16_t>(t); });
    fill(short_b, 8, [&] { return any_integer<int16_t>(t); });
    p.max_i16(short_a, short_b, short_y);
    for (size_t i = 0; i < 8; ++i) CHECK(short_y[i] == std::max(short_a[i], short_b[i]));
    p.add_i16(short_a, short_b, short_y);
    for (size_t i = 0; i < 8; ++i) CHECK(short_y[i] == static_cast<int16_t>(short_a[i] + short_b[i]));
    p.broadcast_i16(short_a[0], short_y);
    for (size_t i = 0; i < 8; ++i) CHECK(short_y[i] == short_a[0]);
    p.madd_i16(short_a, short_b, int_y);
    for (size_t i = 0; i < 4; ++i) {
      const int64_t sum = int64_t{short_a[2 * i]} * short_b[2 * i] + int64_t{short_a[2 * i + 1]} * short_b[2 * i + 1];
      CHECK(static_cast<uint32_t>(int_y[i]) == static_cast<uint32_t>(sum));  // of four -32768 it wraps
    }
    fill(int_a, 4, [&] { return small_integer(t); });
    fill(int_b, 4, [&] { return small_integer(t); });
    p.sub_i32(int_a, int_b, int_y);
    for (size_t i = 0; i < 4; ++i) CHECK(int_y[i] == int_a[i] - int_b[i]);
    check_row_sums(t, 16, p.byte_row_sums);
    check_row_sums(t, 8, p.short_row_sums);
  }
}

void check_scalar_integers(Test& t, const ScalarIntegerPrimitives& p) {
  for (int round = 0; round < kRounds; ++round) {
    const auto a = any_integer<int16_t>(t), b = any_integer<int16_t>(t);
    const auto bits_a = static_cast<uint16_t>(a), bits_b = static_cast<uint16_t>(b);
    uint8_t bytes[3];
    std::memcpy(bytes + 1, &a, sizeof a);
    CHECK(p.load(bytes + 1) == a);
    CHECK(p.broadcast(bits_a) == a);
    CHECK(p.bit_and(bits_a, bits_b) == (a & b));
    CHECK(p.abs_diff(bits_a, bits_b) == std::abs(a - b));
    CHECK(p.mul(bits_a, bits_b) == a * b);
    CHECK(p.negative(small_integer(t) | 1) != 0 && p.negative(12) == -12);
  }
}
}  // namespace

TEST(float_primitives, "primitives of floats are their definitions") {
  for (const Primitives* p : supported())
    if (p->floats.add) check_floats(t, p->floats);
}
TEST(partial_vectors, "vectors in part touch nothing beyond, and fill up with zeros") {
  for (const Primitives* p : supported()) {
    if (p->floats.add) check_partial(t, p->floats.lanes, p->floats.load_partial, p->floats.store_partial);
    if (!p->integers.add) continue;
    check_partial(t, p->integers.lanes, p->integers.load_partial, p->integers.store_partial);
    check_partial(t, p->integers.lanes, p->integers.bytes.load_partial, p->integers.bytes.store_partial);
    check_partial(t, p->integers.lanes, p->integers.shorts.load_partial, p->integers.shorts.store_partial);
  }
}
TEST(bit_primitives, "primitives of packed signs are their definitions") {
  for (const Primitives* p : supported())
    if (p->bits.count) check_bits(t, p->bits);
}
TEST(integer_primitives, "primitives of int32 and of quantization are their definitions") {
  for (const Primitives* p : supported())
    if (p->integers.add) check_integers(t, p->integers);
}
TEST(tile_primitives, "primitives of integer tiles are their definitions") {
  for (const Primitives* p : supported()) {
    if (p->x86.sad) check_x86(t, p->x86);
    if (p->vnni.dpbusd) check_vnni(t, p->vnni);
    if (p->sliding.slide) check_sliding(t, p->sliding);
    if (p->neon.negate) check_neon(t, p->neon);
    if (p->dotprod.add_four_products) check_dotprod(t, p->dotprod);
    if (p->wasm.copy) check_wasm(t, p->wasm);
    if (p->scalar.mul) check_scalar_integers(t, p->scalar);
  }
}
