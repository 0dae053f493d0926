// Activations with a minimum, a maximum or both, in every kernel that ends in one: what the kernel gives without one, clamped.
#include "kernels/activation.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "check.h"
#include "cpu/dispatch.h"

namespace {
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr Activation kActivations[] = {kNoActivation, kRelu, kRelu6, {-1.5f, 2.5f}, {-kInf, 1.0f}, {2.0f, 2.0f}};

// NaN stays; the sign of a 0 is open but where the kernel says so.
float clamped(const Activation& a, float v) { return v < a.min ? a.min : v > a.max ? a.max : v; }
bool equal(float a, float b) { return std::isnan(a) ? std::isnan(b) : a == b; }

// Numbers around the bounds, and a few that are not finite.
std::vector<float> numbers(Test& t, size_t n) {
  const float special[] = {0.0f, -0.0f, 6.0f, kInf, -kInf, std::numeric_limits<float>::quiet_NaN()};
  std::vector<float> v(n);
  for (float& x : v) x = t.random() % 8 ? t.uniform(-12, 12) : special[t.random() % 6];
  return v;
}
std::vector<float> finite_numbers(Test& t, size_t n) {
  std::vector<float> v(n);
  for (float& x : v) x = t.uniform(-2, 2);
  return v;
}

// run(activation, y) writes y; the others are compared with what it writes without an activation.
template <class Run>
void check_clamped(Test& t, size_t n, Run run) {
  std::vector<float> plain(n), y(n);
  run(kNoActivation, plain.data());
  for (const Activation& activation : kActivations) {
    run(activation, y.data());
    for (size_t i = 0; i < n; ++i) CHECK(equal(y[i], clamped(activation, plain[i])));
  }
}

void check_tile(Test& t, const ProductTile& tile) {
  const auto mr = static_cast<size_t>(tile.mr), nr = static_cast<size_t>(tile.nr);
  const size_t k = 5, rows = t.integer(1, mr), columns = t.random() % 2 ? nr : t.integer(1, nr);
  const std::vector<float> windows = finite_numbers(t, rows * k), panel = finite_numbers(t, k * nr), residual = numbers(t, rows * columns);
  const std::vector<float> row_sums = finite_numbers(t, mr), panel_sums = finite_numbers(t, nr);
  const std::vector<float> bias = finite_numbers(t, nr), scale = finite_numbers(t, nr), shift = numbers(t, nr);
  std::vector<const float*> pointers(mr);
  for (size_t i = 0; i < mr; ++i) pointers[i] = &windows[(i < rows ? i : rows - 1) * k];
  const size_t offset = 0;
  const float* const panels = panel.data();
  ProductTileArgs args = {};
  args.rows = rows;
  args.columns = columns;
  args.operands = {pointers.data(), &offset, &panels, nr, row_sums.data(), panel_sums.data(), 1, k};
  args.gradient.row_stride = 1;
  args.first = args.last = true;
  args.y_stride = columns;
  args.epilogue.panel_bias = bias.data();
  args.epilogue.panel_scale = scale.data();
  args.epilogue.panel_shift = shift.data();
  args.epilogue.residual = residual.data();
  check_clamped(t, rows * columns, [&](const Activation& activation, float* y) {
    args.epilogue.activation = activation;
    args.y = y;
    tile.run(args);
  });
}
}  // namespace

TEST(activations_of_tiles, "product tiles clamp to the activation's range") {
  const SupportedTables& supported = supported_tables();
  for (size_t i = 0; i < supported.count; ++i)
    for (const Product* product : {&supported.tables[i]->l1, &supported.tables[i]->dot})
      for (const ProductTile* tile = product->tiles; tile->run; ++tile)
        for (int round = 0; round < 10; ++round) check_tile(t, *tile);
}

TEST(activations_of_passes, "passes over tensors clamp to the activation's range") {
  const SupportedTables& supported = supported_tables();
  for (size_t i = 0; i < supported.count; ++i)
    for (int round = 0; round < 100; ++round) {
      const ElementwiseKernels& kernels = supported.tables[i]->elementwise;
      const size_t rows = t.integer(1, 4), channels = t.integer(1, 70), n = rows * channels;
      const std::vector<float> x = numbers(t, n), residual = numbers(t, n), mean = finite_numbers(t, channels);
      const std::vector<float> scale = finite_numbers(t, channels), shift = finite_numbers(t, channels);
      for (const float* added : {static_cast<const float*>(nullptr), residual.data()})
        check_clamped(t, n, [&](const Activation& activation, float* y) {
          kernels.normalize({rows, channels, x.data(), added, activation, mean.data(), scale.data(), shift.data(), y});
        });
      check_clamped(t, n, [&](const Activation& activation, float* y) { kernels.activate(n, x.data(), activation, y); });
    }
}

TEST(activations_of_dequantize, "dequantized sums are clamped, and never -0 where they have a bound") {
  const SupportedTables& supported = supported_tables();
  for (size_t i = 0; i < supported.count; ++i)
    for (int round = 0; round < 100; ++round) {
      const QuantizeKernels<uint8_t>& kernels = supported.tables[i]->quantization.bytes;
      const size_t rows = t.integer(1, 4), channels = t.integer(1, 70), n = rows * channels;
      std::vector<int32_t> sums(n);
      for (int32_t& sum : sums) sum = static_cast<int32_t>(t.integer(0, 40)) - 20;
      const std::vector<float> scale = numbers(t, channels), shift = numbers(t, channels), residual = numbers(t, n);
      for (const float* added : {static_cast<const float*>(nullptr), residual.data()}) {
        const Rescaling<uint8_t> rescaling = {scale.data(), shift.data(), nullptr, added, 1.0f};
        check_clamped(t, n, [&](const Activation& activation, float* y) {
          kernels.dequantize({rows, channels, sums.data(), channels, rescaling, activation, y, channels});
          for (size_t j = 0; j < n; ++j) CHECK(!(activation.has_bound() && y[j] == 0 && std::signbit(y[j])));
        });
      }
    }
}
