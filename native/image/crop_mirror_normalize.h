// Batches of training images: bytes in, what a network takes out.
#pragma once
#include <cstddef>
#include <cstdint>

// Where a window of an image's own size is cut, in pixels from its place over the image, and whether it is mirrored left to right.
struct Window {
  int32_t dy, dx, mirror;
};

struct CropMirrorNormalizeArgs {
  size_t n, h, w, c;
  const uint8_t* x;       // [n][h][w][c]
  const Window* windows;  // [n]
  const float* tables;    // [c][256]: what each byte of a channel becomes
  float* y;               // [n][h][w][c]
};

// y[i][row][column][c] = tables[c][x[i][row + dy][column' + dx][c]]     column' = column, mirrored w - 1 - column
// Outside of the image x counts as the byte 0, which the table makes whatever black is: zeros are added before the normalization.
// One thread, no other memory, no failure.
void crop_mirror_normalize(const CropMirrorNormalizeArgs& a);
