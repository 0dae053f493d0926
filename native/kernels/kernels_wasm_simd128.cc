#include "../simd/vec_wasm.h"
#include "../simd/bits_wasm.h"
#include "../simd/integer_wasm.h"
#include "../simd/quantize_wasm.h"
#include "integer_micro_ops_wasm.inl.h"
#include "shapes_wasm.h"
#include "all_kernels.inl.h"

constexpr KernelTable kKernelsWasmSimd128 = kernel_table("wasm_simd128", byte_adder<MaxBytes, MaxBytesShapes>("max_add"));
