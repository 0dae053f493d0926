// The primitives of simd/ as functions over memory, one table for each kernel file: compiled with that file's flags by isa/*.cc, which obey
// the symbol rules of native/README.md, and called by primitives_test.cc, which is compiled for any CPU. x and w are operands, y is the
// result.
#pragma once
#include <cstddef>
#include <cstdint>

struct FloatPrimitives {
  size_t lanes;
  bool fuses, l1_needs_sums;
  void (*copy)(const float* x, float* y);                     // load, store
  void (*load_partial)(const float* x, size_t n, float* y);   // reads n floats
  void (*store_partial)(const float* x, size_t n, float* y);  // writes n floats
  void (*broadcast)(float x, float* y);
  void (*add)(const float* a, const float* b, float* y);
  void (*sub)(const float* a, const float* b, float* y);
  void (*mul)(const float* a, const float* b, float* y);
  void (*max)(const float* limit, const float* datum, float* y);
  void (*min)(const float* limit, const float* datum, float* y);
  void (*where_positive)(const float* condition, const float* datum, float* y);
  void (*abs_diff)(const float* a, const float* b, float* y);
  void (*multiply_add)(const float* a, const float* b, const float* c, float* y);
  void (*l1_accumulate)(const float* sum, const float* x, const float* w, float* y);
  void (*reduce_rows)(const float* rows, float* y);                  // [lanes][lanes] -> [lanes]
  void (*load_columns)(const float* rows, size_t stride, float* y);  // [lanes][stride] -> [4][lanes]
};

struct BitPrimitives {
  size_t lanes, max_iterations;
  int signs_per_word;
  // count_differences over [iterations][lanes] words, then sum_bytes
  void (*count)(size_t iterations, const uint32_t* x, const uint32_t* w, float* y);
  void (*count_one)(size_t iterations, uint32_t x, const uint32_t* w, float* y);  // x broadcast
  void (*add)(const uint32_t* a, const uint32_t* b, float* y);
  void (*sub)(const uint32_t* a, const uint32_t* b, float* y);
  uint32_t (*negative_lanes)(const float* x);
};

// Quantized numbers in memory, int32 in registers.
template <class Q>
struct QuantizedPrimitives {
  void (*load)(const Q* x, int32_t* y);
  void (*load_partial)(const Q* x, size_t n, int32_t* y);
  void (*store)(const int32_t* x, Q* y);
  void (*store_partial)(const int32_t* x, size_t n, Q* y);
  void (*store_rounded)(const float* x, Q* y);
};

struct IntegerPrimitives {
  size_t lanes;
  void (*copy)(const int32_t* x, int32_t* y);
  void (*load_partial)(const int32_t* x, size_t n, int32_t* y);
  void (*store_partial)(const int32_t* x, size_t n, int32_t* y);
  void (*broadcast)(int32_t x, int32_t* y);
  void (*shift_left)(const int32_t* x, int n, int32_t* y);
  void (*shift_right)(const int32_t* x, int n, int32_t* y);
  void (*add)(const int32_t* a, const int32_t* b, int32_t* y);
  void (*div)(const float* a, const float* b, float* y);
  void (*add_on_fma)(const float* a, const float* b, float* y);
  void (*to_float)(const int32_t* x, float* y);
  void (*round_within)(const float* x, float q_min, float q_max, int32_t* y);
  QuantizedPrimitives<uint8_t> bytes;
  QuantizedPrimitives<int16_t> shorts;
};

// Registers of `bytes` bytes, whatever their lanes.
struct X86Primitives {
  size_t bytes;
  void (*copy)(const uint8_t* x, uint8_t* y);
  void (*broadcast_u64)(uint64_t x, uint8_t* y);
  void (*broadcast_u32)(uint32_t x, uint8_t* y);
  void (*bit_and)(const uint8_t* a, const uint8_t* b, uint8_t* y);
  void (*sad)(const uint8_t* a, const uint8_t* b, uint64_t* y);
  void (*sub_i64)(const uint8_t* a, const uint8_t* b, uint64_t* y);
  void (*sub_i32)(const int32_t* a, const int32_t* b, int32_t* y);
  void (*low_halves)(const uint8_t* a, const uint8_t* b, int32_t* y);
  void (*max_i16)(const uint8_t* a, const uint8_t* b, int16_t* y);
  void (*max_u8)(const uint8_t* a, const uint8_t* b, uint8_t* y);
  void (*add_i16)(const uint8_t* a, const uint8_t* b, int16_t* y);
  void (*broadcast_i8)(int8_t x, uint8_t* y);
  void (*broadcast_i16)(int16_t x, int16_t* y);
  void (*add_pairs)(const int32_t* a, const int32_t* b, int32_t* y);
  void (*sums_of_16_bytes)(const uint8_t* x, int32_t* y);
  void (*add_u16_pairs)(const uint8_t* a, int32_t* y);
  void (*byte_row_sums)(const uint8_t* rows, size_t chunks, int32_t* y);   // [4][chunks * 16] -> [4]
  void (*short_row_sums)(const int16_t* rows, size_t chunks, int32_t* y);  // [4][chunks * 8] -> [4]
  void (*madd_i16)(const uint8_t* a, const uint8_t* b, int32_t* y);
  void (*maddubs)(const uint8_t* a, const uint8_t* b, int16_t* y);
};

struct VnniPrimitives {
  size_t bytes;
  void (*dpbusd)(const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);
  void (*dpwssd)(const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);
};

// Vectors of 64 bytes, and their lanes of 16.
struct SlidingPrimitives {
  void (*slide)(const uint16_t* sums, const uint8_t* taps, const uint8_t* x, uint16_t* y);
  void (*add)(const uint16_t* a, const uint16_t* b, uint16_t* y);
  void (*fourth_taps)(const uint8_t* x, uint16_t* y);
  void (*even)(const uint16_t* x, int32_t* y);
  void (*odd)(const uint16_t* x, int32_t* y);
  void (*load_lanes)(const uint8_t* const (&lanes)[4], size_t offset, uint8_t* y);
  void (*transpose_bytes)(const uint8_t (*rows)[64], uint8_t (*columns)[64]);  // [11] -> [16]
  void (*transpose_columns)(const int32_t (*x)[16], int32_t (*y)[16]);         // [8] -> [8]
  void (*store_half)(const int32_t* x, int half, int32_t* y);
};

struct NeonPrimitives {
  void (*copy)(const uint8_t* x, uint8_t* y);
  void (*broadcast_u32)(uint32_t x, uint8_t* y);
  void (*broadcast_u16)(uint16_t x, uint8_t* y);
  void (*bit_and)(const uint8_t* a, const uint8_t* b, uint8_t* y);
  void (*negate)(const int32_t* x, int32_t* y);
  void (*add_distances8)(const uint16_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);  // then widened
  void (*add_distances16)(const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);
  void (*add_products16)(const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);  // 8 sums
};

struct WasmPrimitives {
  void (*copy)(const uint8_t* x, uint8_t* y);
  void (*broadcast_u32)(uint32_t x, uint8_t* y);
  void (*bit_and)(const uint8_t* a, const uint8_t* b, uint8_t* y);
  void (*sub_i32)(const int32_t* a, const int32_t* b, int32_t* y);
  void (*max_i16)(const int16_t* a, const int16_t* b, int16_t* y);
  void (*max_u8)(const uint8_t* a, const uint8_t* b, uint8_t* y);
  void (*add_i16)(const int16_t* a, const int16_t* b, int16_t* y);
  void (*broadcast_i16)(int16_t x, int16_t* y);
  void (*add_u8_pairs)(const uint8_t* a, uint16_t* y);
  void (*add_u16_pairs)(const uint16_t* a, int32_t* y);
  void (*madd_i16)(const int16_t* a, const int16_t* b, int32_t* y);
  void (*sums_of_16_bytes)(const uint8_t* x, int32_t* y);
  void (*byte_row_sums)(const uint8_t* rows, size_t chunks, int32_t* y);   // [4][chunks * 16] -> [4]
  void (*short_row_sums)(const int16_t* rows, size_t chunks, int32_t* y);  // [4][chunks * 8] -> [4]
};

struct DotprodPrimitives {
  void (*add_four_distances)(const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);
  void (*add_four_products)(const int32_t* sum, const uint8_t* x, const uint8_t* w, int32_t* y);
};

struct ScalarIntegerPrimitives {
  int32_t (*load)(const uint8_t* x);
  int32_t (*broadcast)(uint16_t x);
  int32_t (*bit_and)(uint16_t a, uint16_t b);
  int32_t (*abs_diff)(uint16_t a, uint16_t b);
  int32_t (*mul)(uint16_t a, uint16_t b);
  int32_t (*negative)(int32_t x);  // sub(zero(), x)
};

// Families that a kernel file does not include are all null.
struct Primitives {
  const char* isa;
  FloatPrimitives floats;
  BitPrimitives bits;
  IntegerPrimitives integers;
  X86Primitives x86;
  VnniPrimitives vnni;
  NeonPrimitives neon;
  DotprodPrimitives dotprod;
  ScalarIntegerPrimitives scalar;
  SlidingPrimitives sliding = {};
  WasmPrimitives wasm = {};
};

extern const Primitives kPrimitivesScalar, kPrimitivesSse41, kPrimitivesAvx2, kPrimitivesAvx2Vnni, kPrimitivesAvx512, kPrimitivesAvx512Vnni,
    kPrimitivesAvx512Vpopcntdq, kPrimitivesNeon, kPrimitivesNeonDotprod, kPrimitivesWasmSimd128;
