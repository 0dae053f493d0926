// What a convolution does with an input x and a weight w.
#pragma once

enum class ConvKind {
  kAdder,          // - |x - w|
  kAdderWinograd,  // - |V - U| between Winograd's transforms (conv2d/winograd.h)
  kConv,           // x * w
  kXnor,           // alpha * sgn(x) * sgn(w)
};
