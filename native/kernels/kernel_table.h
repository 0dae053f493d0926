// All that drivers know of one instruction set, as plain data: nothing runs at load, and nothing but the table leaves a kernel file.
// A good place to start reading: each family of kernels is declared in a header of its own with its equations, written once in a *.inl.h,
// and compiled once per instruction set by kernels_*.cc.
#pragma once
#include "elementwise_kernels.h"
#include "gradient_kernels.h"
#include "integer_kernels.h"
#include "layout_kernels.h"
#include "peak_kernels.h"
#include "product_kernels.h"
#include "quantize_kernels.h"
#include "winograd_kernels.h"
#include "xnor_kernels.h"
#include "training_kernels.h"

struct KernelTable {
  const char* isa;
  const char* byte_adder;  // that of integer.l1_8
  Product l1, dot;
  Peak addition;
  LayoutKernels layout;
  ElementwiseKernels elementwise;
  GradientKernels gradient;
  WinogradKernels winograd;
  XnorKernels xnor;
  TrainingKernels training;
  IntegerKernels integer;
  WinogradIntegerKernels winograd_integers;
  QuantizationKernels quantization;
};

extern const KernelTable kKernelsScalar, kKernelsSse41, kKernelsAvx2, kKernelsAvx512, kKernelsNeon, kKernelsWasmSimd128;

// Extensions of a set do these better; cpu/dispatch.cc puts them into a copy of the table, and chooses its byte adder.
struct VnniKernels {
  IntegerProduct max_dot, mixed;  // for the byte adders of these names
  IntegerProduct l1_16, dot;      // dot_8 and dot_7
};
extern const VnniKernels kKernelsAvx512Vnni, kKernelsAvx2Vnni;
extern const IntegerKernels kKernelsNeonDotprod;   // for integer
extern const XnorKernels kKernelsAvx512Vpopcntdq;  // for xnor
