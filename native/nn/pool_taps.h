// Which taps of a pooling's window lie on the image. The others read padding, of which there may be far more than an image has pixels: work
// is what the image asks for, whatever the size of the window.
#pragma once
#include <algorithm>
#include <cstddef>

// Along one axis: from tap `first` to before tap `end`, none where that is not above it.
struct Taps {
  size_t first, end;
};

// `start`: where the window begins on the padded axis; `size`: of the image.
inline Taps taps_on_image(size_t start, size_t kernel, size_t padding, size_t size) {
  return {start < padding ? padding - start : 0, start < padding + size ? std::min(kernel, padding + size - start) : 0};
}
