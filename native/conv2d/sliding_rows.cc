// The form of byte adders whose filters slide along rows: a tile is 8 filters x lanes of 8 pixels (kernels/sliding_kernels.h).
//
// Input rows are copied with their padding, and transposed once into planes of overlapping lanes, one for each channel. Lane L of the
// output reads lane L + r * row_lanes of the input for kernel row r, whatever row it belongs to, so a vector takes any four in a row:
//
//   for each task (threads)            the planes of its input rows, image by image
//     for each two panels              as many filters as the kernels that rescale sums take at once
//       for each few pixels            as many as leave their sums in the cache
//         for each panel               8 filters
//           for each four lanes        one tile, all of k: sums [pixels][filters]
//         requantize or dequantize
#include <algorithm>
#include <cstring>

#include "../gemm/packed_panels.h"
#include "../runtime/block_sizes.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "input_strip.h"
#include "rescale_sums.h"
#include "sliding.h"

namespace {
// How some output rows of an image, and the input rows that they see, lie in lanes.
struct PlaneShape {
  size_t row_lanes, in_lanes, out_lanes, tiles, plane_bytes, image_bytes, tap_sums;

  PlaneShape(const Conv2dShape& s, size_t rows)
      : row_lanes(divide_up(s.wo, kLanePixels)),
        in_lanes(strip_rows(s, rows) * row_lanes),
        out_lanes(rows * row_lanes),
        tiles(divide_up(out_lanes, kVectorLanes)),
        // An odd number of cache lines, so that planes go to all sets of a cache.
        plane_bytes((divide_up(in_lanes, kVectorLanes) | 1) * kVectorLanes * kLaneBytes),
        image_bytes(s.ci * plane_bytes),
        tap_sums(round_up(in_lanes, kVectorLanes) * kTapSums) {}
};

// A tile's arguments but for its filters and y, and the pixel of the task where it starts to write.
struct PlacedTile {
  SlidingTileArgs args;
  size_t pixel;
};

class SlidingRows : public PackedIntegerConv2d<uint8_t> {
 public:
  SlidingRows(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const uint8_t* w, uint8_t pad_value, uint8_t flip)
      : kernels_(kernels),
        shape_(s),
        pad_value_(pad_value ^ flip),
        flip_(flip),
        iterations_(s.ci * s.kh),
        panels_({1, s.co, kSlidingFilters}, iterations_ * kSlidingFilters) {
    if (ok()) panels_.pack(pool, [&](size_t i, uint32_t* panel) { pack(w, i, panel); });
  }
  bool ok() const { return panels_.ok(); }
  size_t bytes() const override { return panels_.bytes(); }

  Status run(ThreadPool& pool, size_t n, const uint8_t* x, int32_t* y) const override { return run_all(pool, n, x, y); }
  Status run(ThreadPool& pool, size_t n, const uint8_t* x, const Rescaling<uint8_t>& rescaling, const QuantizedRange<uint8_t>& range,
             uint8_t* y) const override {
    return run_all(pool, n, x, RequantizeArgs<uint8_t>{0, 0, nullptr, kBlockColumns, rescaling, range, y, shape_.co});
  }
  Status run(ThreadPool& pool, size_t n, const uint8_t* x, const Rescaling<uint8_t>& rescaling, const Activation& activation,
             float* y) const override {
    return run_all(pool, n, x, DequantizeArgs<uint8_t>{0, 0, nullptr, kBlockColumns, rescaling, activation, y, shape_.co});
  }

 private:
  // A block of sums: two panels, since kernels that rescale take 16 channels at once, and the pixels that kSumBytes hold.
  static constexpr size_t kBlockColumns = 2 * kSlidingFilters, kBlockPixels = kSumBytes / (kBlockColumns * sizeof(int32_t));

  void pack(const uint8_t* w, size_t i, uint32_t* panel) {
    const Conv2dShape& s = shape_;
    for (size_t j = 0; j < panels_.grid().columns(i); ++j) {
      const uint8_t* const filter = w + (panels_.grid().first_column(i) + j) * s.k;
      for (size_t c = 0; c < s.ci; ++c)
        for (size_t row = 0; row < s.kh; ++row) {
          uint8_t taps[kTapBytes] = {};
          for (size_t b = 0; b < s.kw; ++b) taps[b] = filter[(row * s.kw + b) * s.ci + c] ^ flip_;
          std::memcpy(panel + (c * s.kh + row) * kSlidingFilters + j, taps, kTapBytes);
        }
    }
  }

  template <class Target>
  Status run_all(ThreadPool& pool, size_t n, const uint8_t* x, const Target& target) const {
    const Conv2dShape s = with_images(shape_, n);
    const TaskGrid grid = cut_into_tasks(s, pool.threads(), 2);  // planes hold each pixel twice
    return run_tasks(pool, grid.tasks, [&](size_t i) { return run_task(s, grid, grid.task(s, i), x, target); });
  }

  template <class Target>
  bool run_task(const Conv2dShape& s, const TaskGrid& grid, const Task& task, const uint8_t* x, const Target& target) const {
    const PlaneShape largest(s, grid.rows_per_task), planes(s, task.rows);
    const size_t images = grid.images_per_task;
    ScratchLayout layout;
    // Lanes reach beyond the last row, vectors of channels beyond the last pixel, tiles beyond the last lane and, of y, the last pixel.
    const auto strip = layout.add<uint8_t>(copied_strip_elems(s, grid) + kLaneReach * s.ci + kLaneBytes);
    const auto lanes = layout.add<const uint8_t*>(largest.in_lanes);
    const auto plane_slot = layout.add<uint8_t>(images * largest.image_bytes + kVectorLanes * kLaneBytes);
    const auto even = layout.add<int32_t>(images * largest.tap_sums + kVectorLanes * kTapSums);
    const auto odd = layout.add<int32_t>(images * largest.tap_sums + kVectorLanes * kTapSums);
    const auto offsets = layout.add<size_t>(iterations_);
    const auto tiles = layout.add<PlacedTile>(images * largest.tiles + 1);
    const auto sums = layout.add<int32_t>((kBlockPixels + kTilePixels) * kBlockColumns);
    const Scratch scratch(layout);
    if (!scratch) return false;

    const auto copy = [&](const uint8_t* first, const uint8_t* last, uint8_t* out) {
      if (flip_ == 0) std::memcpy(out, first, last - first);
      else std::transform(first, last, out, [&](uint8_t v) { return static_cast<uint8_t>(v ^ flip_); });
    };
    const InputStrip<uint8_t> rows = copy_input_strip(s, task, x, pad_value_, scratch[strip], copy);
    for (size_t i = 0; i < task.images; ++i) {
      list_lanes(s, planes, rows, i, scratch[lanes]);
      kernels_.integer.sliding->pack_planes({planes.in_lanes, s.ci, scratch[lanes], scratch[plane_slot] + i * planes.image_bytes,
                                             planes.plane_bytes, scratch[even] + i * planes.tap_sums, scratch[odd] + i * planes.tap_sums});
    }
    SlidingTileArgs args = {};
    args.k = iterations_;
    args.offsets = list_offsets(s, planes, scratch[offsets]);
    args.planes = scratch[plane_slot];
    args.tap_rows = s.kw < kTapBytes ? s.kh : 0;
    args.tap_stride = s.dh * planes.row_lanes * kTapSums;
    args.even = scratch[even];
    args.odd = scratch[odd];
    place_tiles(s, planes, task.images, args, scratch[tiles]);
    const size_t elem = (task.image * s.ho + task.row) * s.wo * s.co;
    for (size_t column = 0; column < s.co; column += kBlockColumns)
      run_columns(scratch[tiles], task.images * planes.tiles, column, elem + column, scratch[sums], target);
    return true;
  }

  static void list_lanes(const Conv2dShape& s, const PlaneShape& planes, const InputStrip<uint8_t>& rows, size_t image,
                         const uint8_t** lanes) {
    const uint8_t* row = rows.data + image * rows.image_stride;
    for (size_t l = 0; l < planes.in_lanes; row += rows.row_stride)
      for (size_t column = 0; column < planes.row_lanes; ++column) lanes[l++] = row + column * kLanePixels * s.ci;
  }

  static const size_t* list_offsets(const Conv2dShape& s, const PlaneShape& planes, size_t* offsets) {
    for (size_t c = 0; c < s.ci; ++c)
      for (size_t row = 0; row < s.kh; ++row) offsets[c * s.kh + row] = c * planes.plane_bytes + row * s.dh * planes.row_lanes * kLaneBytes;
    return offsets;
  }

  // The tiles of all images, and one more that would begin after the last pixel.
  static void place_tiles(const Conv2dShape& s, const PlaneShape& planes, size_t images, SlidingTileArgs args, PlacedTile* tile) {
    const size_t image_pixels = planes.out_lanes / planes.row_lanes * s.wo;
    for (size_t i = 0; i < images; ++i) {
      size_t row = i * image_pixels, column = 0;
      for (size_t t = 0; t < planes.tiles; ++t, ++tile) {
        *tile = {args, row + column * kLanePixels};
        tile->args.planes += i * planes.image_bytes + t * kVectorLanes * kLaneBytes;
        tile->args.even += i * planes.tap_sums + t * kVectorLanes * kTapSums;
        tile->args.odd += i * planes.tap_sums + t * kVectorLanes * kTapSums;
        for (size_t& pixel : tile->args.pixels) {
          pixel = row + column * kLanePixels - tile->pixel;
          if (++column == planes.row_lanes) row += s.wo, column = 0;
        }
      }
    }
    tile->pixel = images * image_pixels;
  }

  // Tiles of some filters, next to each other.
  struct Block {
    PlacedTile *first, *end;
    size_t column, columns;  // of y
    size_t pixels, last_pixel;
    int32_t* sums;  // [pixels][kBlockColumns] scratch memory
  };

  template <class Target>
  void run_columns(PlacedTile* tiles, size_t count, size_t column, size_t elem, int32_t* sums, const Target& target) const {
    Block b = {tiles, tiles, column, std::min(kBlockColumns, shape_.co - column), 0, tiles[count].pixel, sums};
    for (; b.first < tiles + count; b.first = b.end) {
      while (b.end < tiles + count && b.end->pixel < b.first->pixel + kBlockPixels) ++b.end;
      b.pixels = b.end->pixel - b.first->pixel;
      run_block(b, elem + b.first->pixel * shape_.co, target);
    }
  }

  // Straight to y where its last tile writes outputs of this task alone: those of the next block come later.
  void run_block(const Block& b, size_t elem, int32_t* y) const {
    const PlacedTile& last = b.end[-1];
    if (b.columns % kSlidingFilters == 0 && last.pixel + last.args.pixels[kVectorLanes - 1] + kLanePixels <= b.last_pixel)
      return run_tiles(b, y + elem, shape_.co);
    run_tiles(b, b.sums, kBlockColumns);
    for (size_t i = 0; i < b.pixels; ++i) std::copy_n(b.sums + i * kBlockColumns, b.columns, y + elem + i * shape_.co);
  }
  template <class Args>
  void run_block(const Block& b, size_t elem, const Args& all) const {
    run_tiles(b, b.sums, kBlockColumns);
    Args args = part(all, b.column, elem);
    args.rows = b.pixels;
    args.columns = b.columns;
    args.sums = b.sums;
    rescale(kernels_.quantization.of<uint8_t>(), args);
  }

  void run_tiles(const Block& b, int32_t* y, size_t y_stride) const {
    for (size_t column = 0; column < b.columns; column += kSlidingFilters)
      for (PlacedTile* tile = b.first; tile < b.end; ++tile) {
        SlidingTileArgs& args = tile->args;
        args.filters = panels_[(b.column + column) / kSlidingFilters];
        args.y = y + (tile->pixel - b.first->pixel) * y_stride + column;
        args.y_stride = y_stride;
        kernels_.integer.sliding->tile(args);
      }
  }

  const KernelTable& kernels_;
  const Conv2dShape shape_;
  const uint8_t pad_value_, flip_;
  const size_t iterations_;        // k of a tile: channels and kernel rows
  PackedPanels<uint32_t> panels_;  // [panels][k][8], four taps each
};
}  // namespace

// With fewer than three quarters of the lanes full, other byte adders are as fast even where vdbpsadbw is best: tiles of Sapphire Rapids
// make 172 to 205 * 10^9 pairs a second with it, 123 to 136 without.
bool fits_sliding_rows(const KernelTable& kernels, const Conv2dShape& s) {
  if (!kernels.integer.sliding || s.symmetric || s.groups > 1 || s.sh > 1 || s.sw > 1 || s.dw > 1 || s.kw < 3 || s.kw > kTapBytes)
    return false;
  const size_t lanes = s.ho * divide_up(s.wo, kLanePixels);
  return 4 * s.ho * s.wo >= 3 * round_up(lanes, kVectorLanes) * kLanePixels;
}

std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_sliding_rows(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                const uint8_t* w, uint8_t pad_value, uint8_t flip) {
  return make_if_ok<SlidingRows>(kernels, pool, s, w, pad_value, flip);
}
