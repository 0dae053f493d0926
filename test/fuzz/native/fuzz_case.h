// One case: an operation on operands of exactly their size, which is run on every kernel table and held against its definition.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "bytes.h"
#include "conv2d/shape.h"
#include "cpu/dispatch.h"
#include "exact_memory.h"
#include "runtime/thread_pool.h"
#include "tally.h"

template <class T>
class Array {
 public:
  explicit Array(size_t size) : size_(size), memory_(size * sizeof(T)) {}
  size_t size() const { return size_; }
  T* data() { return static_cast<T*>(memory_.data()); }
  const T* data() const { return static_cast<const T*>(memory_.data()); }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }

 private:
  size_t size_;
  ExactMemory memory_;
};

template <class T, class F>
Array<T> map(const Array<T>& values, F f) {
  Array<T> result(values.size());
  for (size_t i = 0; i < values.size(); ++i) result[i] = f(values[i]);
  return result;
}
inline Array<float> magnitudes(const Array<float>& values) {
  return map(values, [](float v) { return std::fabs(v); });
}

class Case {
 public:
  Case(const uint8_t* data, size_t size)
      : bytes(data, size), threads_(bytes.integer(1, 4)), seed_(bytes.word() | 1), byte_adder_(seed_ >> 8) {}

  Bytes bytes;

  // Random numbers, with ties and with numbers of all sizes. What is not finite comes on request.
  Array<float> floats(size_t count, bool of_any_kind = false);
  template <class T>
  Array<T> integers(size_t count) {
    Array<T> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<T>(random());
    return values;
  }
  template <class Q>
  QuantizedRange<Q> quantized_range() {
    const Q a = static_cast<Q>(bytes.word(2)), b = static_cast<Q>(bytes.word(2));
    if (a == b) return {std::numeric_limits<Q>::min(), std::numeric_limits<Q>::max()};
    return {std::min(a, b), std::max(a, b)};
  }
  uint32_t random() { return static_cast<uint32_t>((seed_ = seed_ * 6364136223846793005u + 1442695040888963407u) >> 33); }
  float uniform(float min, float max) { return min + (max - min) * static_cast<float>(random()) / 2147483648.0f; }

  // A small convolution of any form, with every edge; `pooling` has one group and no dilation.
  Conv2dShape shape(bool pooling = false);

  // run(kernels, pool, y...) fills outputs of so many elements, on every instruction set, with one of its byte adders. check(outputs...)
  // follows; one thread must give a bit-identical result. Runs of what is the same on every table are counted for the best one.
  template <class Run, class Check, class... T>
  void run(const char* operation, const Run& run, const Check& check, const Array<T>&... like) {
    const SupportedTables& supported = supported_tables();
    for (size_t i = 0; i < supported.count; ++i) {
      const InstructionSet& set = supported.sets[i];
      run_on(operation, *set.tables[byte_adder_ % set.count], run, check, Array<T>(like.size())...);
    }
  }

  void fail(const char* what) const {
    std::fprintf(stderr, "%s on %s, %s: %s\n", operation_, isa_, byte_adder_name_, what);
    std::abort();
  }
  void expect(bool holds, const char* what) const {
    if (!holds) fail(what);
  }
  // |y - expected| <= part * magnitude, where numbers of this magnitude can be added up in float32, and beside the smallest of them.
  void expect_close(const float* y, const double* expected, const double* magnitude, size_t count, double part) const {
    for (size_t i = 0; i < count; ++i) {
      if (!(magnitude[i] < 1e36)) continue;  // not finite, or sums may overflow
      if (std::fabs(y[i] - expected[i]) <= part * magnitude[i] + 1e-36 || (std::isnan(y[i]) && std::isnan(expected[i]))) continue;
      std::fprintf(stderr, "element %zu is %.9g, expected %.9g, which were added up of %.9g\n", i, y[i], expected[i], magnitude[i]);
      fail("differs from its definition");
    }
  }

 private:
  template <class Run, class Check, class... T>
  void run_on(const char* operation, const KernelTable& kernels, const Run& run, const Check& check, Array<T>... outputs) {
    operation_ = operation;
    isa_ = kernels.isa;
    byte_adder_name_ = kernels.byte_adder;
    const auto run_with = [&](size_t threads, auto&... y) {
      ThreadPool pool(threads);
      run(kernels, pool, y...);
      tally(operation, kernels.isa);
    };
    run_with(threads_, outputs...);
    check(outputs...);
    if (threads_ > 1) run_again(run_with, Array<T>(outputs.size())..., outputs...);
  }
  // Twice as many arrays: of one thread, then of several.
  template <class RunWith, class A>
  void run_again(const RunWith& run_with, A one, const A& several) {
    run_with(1, one);
    expect_same(one, several);
  }
  template <class RunWith, class A, class B>
  void run_again(const RunWith& run_with, A a, B b, const A& several_a, const B& several_b) {
    run_with(1, a, b);
    expect_same(a, several_a);
    expect_same(b, several_b);
  }
  // A NaN may be another one: its sign is that of an operand, or of infinities that cancel, whichever an instruction saw first.
  template <class A>
  void expect_same(const A& a, const A& b) const {
    for (size_t i = 0; i < a.size(); ++i)
      if (std::memcmp(&a[i], &b[i], sizeof(a[i])) != 0) expect(a[i] != a[i] && b[i] != b[i], "differs with the number of threads");
  }

  const size_t threads_;
  uint64_t seed_;
  const uint64_t byte_adder_;
  const char *operation_ = "", *isa_ = "", *byte_adder_name_ = "";
};

// A small convolution of Winograd's windows, with every edge.
Conv2dShape random_windows(Case& c);

// Every kind of operation: reads what it needs from the case.
void fuzz_shape(Case& c);
void fuzz_forward(Case& c);
void fuzz_integer(Case& c);
void fuzz_gradient(Case& c);
void fuzz_winograd(Case& c);
void fuzz_symmetric(Case& c);
void fuzz_winograd_integer(Case& c);
void fuzz_pool(Case& c);
void fuzz_batch_norm(Case& c);
void fuzz_elementwise(Case& c);
void fuzz_training(Case& c);
void fuzz_image(Case& c);
