// Batches of training images, from bytes to the floats that a network takes.
#pragma once
#include <cstddef>
#include <cstdint>

// A window has the image's own size, is moved over it by (dy, dx) pixels, and may be mirrored left to right.
struct Window {
  int32_t dy, dx, mirror;
};

struct CropMirrorNormalizeArgs {
  size_t n, h, w, c;
  const uint8_t* x;       // [n][h][w][c]
  const Window* windows;  // [n]
  const float* tables;    // [c][256] the value of each byte of a channel
  float* y;               // [n][h][w][c]
};

// y[i][row][column][c] = tables[c][x[i][row + dy][column' + dx][c]]     column' = column, mirrored w - 1 - column
// Outside the image x counts as the byte 0, for which the table has the value of black: zeros are added before the normalization.
// It uses one thread and no other memory, and cannot fail.
void crop_mirror_normalize(const CropMirrorNormalizeArgs& a);
