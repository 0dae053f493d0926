#include "tiles.h"

#include "../kernels/kernel_table.h"

namespace {
class Lister {
 public:
  explicit Lister(const char* kernels) : kernels_(kernels) {}

  // `name` begins the template's name and arguments, which end in MR, NV and `last`.
  template <class Tile>
  void add(const char* family, const std::string& name, const Tile* tiles, const char* last = "") {
    const Tile* narrowest = tiles;
    while (narrowest[1].run) ++narrowest;
    for (const Tile* tile = tiles; tile->run; ++tile) {
      const int vectors = tile->nr / narrowest->nr;
      const std::string symbol = name + std::to_string(tile->mr) + ", " + std::to_string(vectors) + last + ">";
      entries.push_back({kernels_, family, symbol, tile->mr, tile->nr, vectors});
    }
  }
  void add(const char* family, const IntegerProduct& product) {
    add(family, std::string("integer_tile<") + product.micro_op + ", ", product.tiles);
  }
  void add(const IntegerKernels& integer) {
    for (const ByteAdder& adder : integer.byte_adders)
      if (adder.name) add("l1 u8", adder.product);
    add("l1 i16", integer.l1_16);
    add("dot 8-bit", integer.dot_8);
    add("dot 7-bit", integer.dot_7);
    if (integer.sliding) entries.push_back({kernels_, "l1 u8 vdbpsadbw", "sliding_tile", kSlidingFilters, kTilePixels, 1});
  }
  void add(const VnniKernels& vnni) {
    add("l1 u8", vnni.max_dot);
    add("l1 u8", vnni.mixed);
    add("l1 i16", vnni.l1_16);
    add("dot 8-bit", vnni.dot);
  }
  void add(const XnorKernels& xnor) { add("xnor", "xnor_tile<", xnor.tiles); }
  void add(const KernelTable& table) {
    add("l1 f32", "product_tile<L1, ", table.l1.tiles, ", false");
    add("dot f32", "product_tile<Dot, ", table.dot.tiles, ", false");
    add("strided dot", "product_tile<Dot, ", table.gradient.dot, ", true");
    add("hardtanh", "hardtanh_tile<", table.gradient.hardtanh);
    add("clamp", "clamp_tile<false, ", table.gradient.clamp);
    add("sign", "clamp_tile<true, ", table.gradient.sign);
    add(table.xnor);
    add(table.integer);
  }

  std::vector<TileEntry> entries;

 private:
  const char* const kernels_;
};
}  // namespace

std::vector<TileEntry> list_tiles() {
  std::vector<TileEntry> all;
  [[maybe_unused]] const auto list = [&all](const char* kernels, const auto&... what) {
    Lister lister(kernels);
    lister.add(what...);
    all.insert(all.end(), lister.entries.begin(), lister.entries.end());
  };
#if defined(ADDERNET_WASM)
  list("wasm_simd128", kKernelsWasmSimd128);
#else
  list("scalar", kKernelsScalar);
#endif
#if defined(ADDERNET_X64)
  list("sse41", kKernelsSse41);
  list("avx2", kKernelsAvx2);
  list("avx512", kKernelsAvx512);
#if defined(ADDERNET_AVX2_VNNI)
  list("avx2_vnni", kKernelsAvx2Vnni);
#endif
  list("avx512_vnni", kKernelsAvx512Vnni);
  list("avx512_vpopcntdq", kKernelsAvx512Vpopcntdq);
#elif defined(ADDERNET_ARM64)
  list("neon", kKernelsNeon);
  list("neon_dotprod", kKernelsNeonDotprod);
#endif
  return all;
}
