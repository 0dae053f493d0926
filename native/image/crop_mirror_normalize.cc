#include "crop_mirror_normalize.h"

#include <algorithm>

namespace {
constexpr size_t kByteValues = 256;  // the length of a table

// The part of a window's axis that lies on the image.
struct Span {
  size_t first, end;
};

Span on_image(size_t size, int32_t offset) {
  const auto inside = [&](int64_t at) { return static_cast<size_t>(std::clamp<int64_t>(at, 0, static_cast<int64_t>(size))); };
  return {inside(-static_cast<int64_t>(offset)), inside(static_cast<int64_t>(size) - offset)};
}

// Writes the pixels of a row one after another, right to left where it is mirrored.
class RowWriter {
 public:
  RowWriter(const CropMirrorNormalizeArgs& a, float* row, bool mirror)
      : tables_(a.tables),
        c_(a.c),
        step_(mirror ? -static_cast<ptrdiff_t>(a.c) : static_cast<ptrdiff_t>(a.c)),
        to_(mirror ? row + (a.w - 1) * a.c : row) {}

  void black(size_t pixels) {
    for (; pixels > 0; --pixels, to_ += step_)
      for (size_t c = 0; c < c_; ++c) to_[c] = tables_[c * kByteValues];
  }
  void copy(const uint8_t* from, size_t pixels) {
    for (; pixels > 0; --pixels, from += c_, to_ += step_)
      for (size_t c = 0; c < c_; ++c) to_[c] = tables_[c * kByteValues + from[c]];
  }

 private:
  const float* const tables_;
  const size_t c_;
  const ptrdiff_t step_;
  float* to_;
};
}  // namespace

void crop_mirror_normalize(const CropMirrorNormalizeArgs& a) {
  const size_t row_elems = a.w * a.c;
  for (size_t i = 0; i < a.n; ++i) {
    const Window& window = a.windows[i];
    const Span rows = on_image(a.h, window.dy), columns = on_image(a.w, window.dx);
    const uint8_t* const image = a.x + i * a.h * row_elems;
    for (size_t row = 0; row < a.h; ++row) {
      RowWriter out(a, a.y + (i * a.h + row) * row_elems, window.mirror != 0);
      if (row < rows.first || row >= rows.end || columns.first >= columns.end) {
        out.black(a.w);
        continue;
      }
      out.black(columns.first);
      out.copy(image + (row + window.dy) * row_elems + (columns.first + window.dx) * a.c, columns.end - columns.first);
      out.black(a.w - columns.end);
    }
  }
}
