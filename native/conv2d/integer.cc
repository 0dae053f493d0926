// One driver for all integer convolutions: a tile is mr pixels x nr output channels, as in conv2d/pixel_rows.cc, but k advances by
// k-groups (IntegerTileArgs).
//
// Elements of rows and panels are of type T, a byte or an int16. An input that needs no padding, no conversion and no part of a k-group is
// read where it lies; any other is copied into a strip first, and the last k-group of its last segment may reach a few bytes beyond.
//
// Sums that are rescaled stay in the first-level cache between the tiles and the kernel that takes them to y:
//
//   for each task (threads)          its strip of input rows
//     for each group
//       the sum of each window       where the product needs them
//       for each panel               nr filters, packed in k-groups once
//         for each few pixels        as many as leave their sums in the cache
//           for each block of k
//             for each mr pixels     one tile: sums [pixels][nr]
//           requantize or dequantize
//
// Where they are centered, those of all channels of a task are summed up first, and centered and rescaled together.
#include "integer.h"

#include <cstring>
#include <type_traits>

#include "../gemm/k_blocks.h"
#include "../gemm/packed_panels.h"
#include "../gemm/tile_set.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/round.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "input_strip.h"
#include "integer_panels.h"
#include "rescale_sums.h"
#include "sliding.h"
#include "strip_window_sums.h"
#include "window_segments.h"

namespace {
// What a convolution knows beforehand. Rows and panels get x ^ x_flip and w ^ w_flip: 0x80 turns signed bytes into unsigned ones, and back.
template <class X, class W>
struct Weights {
  const W* w;
  X pad_value, x_flip;
  W w_flip;
  bool centered;
};

// Columns of half a vector, nr of the narrowest tiles, read a whole one: up to 16 int32.
constexpr size_t kCompensationOverrun = 16;

template <class T, class X, class W>
class IntegerRows : public PackedIntegerConv2d<X> {
 public:
  IntegerRows(const KernelTable& kernels, const IntegerProduct& product, ThreadPool& pool, const Conv2dShape& s,
              const Weights<X, W>& weights)
      : kernels_(kernels.quantization.of<X>()),
        center_(kernels.quantization.center),
        sum_kernels_(kernels.integer.sums),
        product_(product),
        shape_(s),
        pad_value_(weights.pad_value),
        x_flip_(weights.x_flip),
        centered_(weights.centered),
        tiles_(choose_tiles(product.tiles, s.n * s.ho * s.wo, s.group_co)),
        in_place_(!s.pads() && std::is_same_v<T, X> && x_flip_ == 0 && s.group_ci * sizeof(T) % product.group_bytes == 0),
        segments_(shape_, in_place_ ? s.w * s.ci : strip_columns(s) * s.ci),
        segment_groups_(divide_up(segments_.elems() * sizeof(T), product.group_bytes)),
        tail_((uint64_t{1} << segments_.elems() * sizeof(T) % product.group_bytes * 8) - 1),
        k_(cut_k(segments_.count(), segment_groups_, product.max_groups)),
        panels_({s.groups, s.group_co, tiles_.nr}, panel_bytes()),
        compensation_(panels_.grid().count * tiles_.nr + kCompensationOverrun),
        row_offsets_(k_.segment_count) {
    AlignedBuffer<T> filters(s.w_elems);  // [co][k]
    ok_ = k_.ok() && panels_.ok() && compensation_.ok() && row_offsets_.ok() && filters.ok();
    if (!ok_) return;
    for (size_t i = 0; i < k_.segment_count; ++i)
      row_offsets_[i] = segments_.offset(k_.segments[i].source) * sizeof(T) + k_.segments[i].start * product.group_bytes;
    panels_.pack(pool, [&](size_t i, unsigned char* panel) { pack(weights, i, filters.data(), panel); });
  }
  bool ok() const { return ok_; }
  size_t bytes() const override { return panels_.bytes() + compensation_.bytes() + row_offsets_.bytes(); }

  Status run(ThreadPool& pool, size_t n, const X* x, int32_t* y) const override { return run_all(pool, n, x, y); }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const QuantizedRange<X>& range, X* y) const override {
    return run_all(pool, n, x, RequantizeArgs<X>{0, 0, nullptr, tiles_.nr, rescaling, range, y, shape_.co});
  }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling<X>& rescaling, const Activation& activation, float* y) const override {
    return run_all(pool, n, x, DequantizeArgs<X>{0, 0, nullptr, tiles_.nr, rescaling, activation, y, shape_.co});
  }

 private:
  // Packs panel i. `filters` has room for all filters, converted to what panels hold.
  void pack(const Weights<X, W>& weights, size_t i, T* filters, unsigned char* panel) {
    const Conv2dShape& s = shape_;
    const size_t nr = tiles_.nr, channels = panels_.grid().columns(i), first = panels_.grid().first_column(i) * s.k;
    const W* const w = weights.w + first;
    std::transform(w, w + channels * s.k, filters + first, [&](W w) { return static_cast<T>(static_cast<W>(w ^ weights.w_flip)); });
    std::memset(panel, 0, panel_bytes());
    pack_panel(product_.group_bytes, filters + first, channels, s.k, segments_.elems(), nr, panel);
    if (product_.compensation_factor == 0) return;
    for (size_t j = 0; j < nr; ++j) {
      int64_t sum = 0;
      if (j < channels)
        for (size_t e = 0; e < s.k; ++e) sum += static_cast<W>(w[j * s.k + e] ^ weights.w_flip);
      compensation_[i * nr + j] = static_cast<int32_t>(sum * product_.compensation_factor);
    }
  }
  size_t panel_bytes() const { return segments_.count() * segment_groups_ * tiles_.nr * product_.group_bytes; }

  // The target of the sums is y itself, an int32_t*, or the RequantizeArgs or DequantizeArgs of all of y, which rescale them.
  template <class Target>
  Status run_all(ThreadPool& pool, size_t n, const X* x, const Target& target) const {
    const Conv2dShape s = with_images(shape_, n);
    // Sums that are centered take more of the cache than the strip.
    const size_t elem_bytes = centered_ ? std::max(sizeof(T), divide_up(s.co * sizeof(int32_t), s.ci)) : sizeof(T);
    const TaskGrid grid = cut_into_tasks(s, pool.threads(), elem_bytes);
    return run_tasks(pool, grid.tasks, [&](size_t i) { return run_task(s, grid, grid.task(s, i), x, target); });
  }

  // A panel and the pixels of a task that it is multiplied with.
  struct PanelTask {
    size_t panel, columns, channel;   // how many of nr columns; output channel of the first
    const void* const* row_pointers;  // [pixels], and more for tiles that reach beyond
    const int32_t* row_sums;          // the same
    size_t pixels;
    size_t elem;    // where in y the first pixel's first column goes
    int32_t* sums;  // [sum_rows()][nr] scratch memory, for sums that are rescaled
  };

  template <class Target>
  bool run_task(const Conv2dShape& s, const TaskGrid& grid, const Task& task, const X* x, const Target& target) const {
    const size_t max_pixels = grid.images_per_task * grid.rows_per_task * s.wo, overrun = tiles_.max_mr();
    const size_t strip_elems = in_place_ ? 0 : copied_strip_elems(s, grid) + product_.group_bytes / sizeof(T);
    ScratchLayout layout;
    const auto pointer_slot = layout.add<const void*>(max_pixels + overrun);
    const auto row_sum_slot = layout.add<int32_t>(product_.needs_row_sums ? max_pixels + overrun : 0);
    const auto row_sum_scratch_slot = layout.add<int32_t>(product_.needs_row_sums ? strip_sum_scratch(s, grid) : 0);
    const auto sum_slot = layout.add<int32_t>(std::is_same_v<Target, int32_t*> ? 0
                                              : centered_                      ? max_pixels * s.co
                                                                               : sum_rows() * tiles_.nr);
    const auto strip_slot = layout.add<T>(strip_elems);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const void** const row_pointers = scratch[pointer_slot];
    int32_t* const row_sums = scratch[row_sum_slot];
    const InputStrip<T> rows = strip(s, task, x, scratch[strip_slot]);
    const size_t first_elem = (task.image * s.ho + task.row) * s.wo * s.co;
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_windows(s, task, rows, g, overrun, row_pointers);
      if (product_.needs_row_sums) {
        strip_window_sums(s, task, rows, g, sum_kernels_, scratch[row_sum_scratch_slot], row_sums);
        std::fill_n(row_sums + pixels, overrun, 0);
      }
      for (size_t q = 0; q < panels_.grid().per_group; ++q) {
        const size_t column = q * tiles_.nr, channel = g * s.group_co + column;
        PanelTask work = {};
        work.panel = g * panels_.grid().per_group + q;
        work.columns = panels_.grid().columns(work.panel);
        work.channel = channel;
        work.row_pointers = row_pointers;
        work.row_sums = row_sums;
        work.pixels = pixels;
        work.elem = first_elem + channel;
        work.sums = scratch[sum_slot];
        if (centered_) run_tiles(work, 0, pixels, work.columns, all_sums(first_elem, scratch[sum_slot], target) + channel, s.co);
        else run_panel(work, target);
      }
    }
    if (centered_) center(task.images * task.rows * s.wo, first_elem, all_sums(first_elem, scratch[sum_slot], target), target);
    return true;
  }

  InputStrip<T> strip(const Conv2dShape& s, const Task& task, const X* x, T* scratch) const {
    if constexpr (std::is_same_v<T, X>)
      if (in_place_)
        return {x + (task.image * s.h + task.row * s.sh) * segments_.row_stride, s.h * segments_.row_stride, segments_.row_stride};
    const auto convert = [&](X x) { return static_cast<T>(static_cast<X>(x ^ x_flip_)); };
    if (s.symmetric) {
      const size_t elems = task.images * strip_rows(s, task.rows) * s.w * s.ci;
      X* const own = reinterpret_cast<X*>(scratch + elems) - elems;  // widened in place, never ahead of what is read
      copy_symmetric_strip(s, task, x, pad_value_, own);
      if (!std::is_same_v<T, X> || x_flip_ != 0) std::transform(own, own + elems, scratch, convert);
      return {scratch, elems / task.images, s.w * s.ci};
    }
    return copy_input_strip(s, task, x, convert(pad_value_), scratch, [&](const X* first, const X* last, T* out) {
      if (std::is_same_v<T, X> && x_flip_ == 0) std::memcpy(out, first, (last - first) * sizeof(T));
      else std::transform(first, last, out, convert);
    });
  }

  void run_panel(const PanelTask& p, int32_t* y) const { run_tiles(p, 0, p.pixels, p.columns, y + p.elem, shape_.co); }

  template <class Args>
  void run_panel(const PanelTask& p, const Args& all) const {
    Args args = part(all, p.channel, p.elem);
    args.columns = p.columns;
    args.sums = p.sums;
    for (size_t pixel = 0; pixel < p.pixels; pixel += args.rows) {
      args.rows = std::min(sum_rows(), p.pixels - pixel);
      // All nr columns are computed, also those of no channel: tiles write whole vectors fastest.
      run_tiles(p, pixel, args.rows, tiles_.nr, p.sums, tiles_.nr);
      rescale(kernels_, part(args, 0, pixel * shape_.co));
    }
  }

  // The sums of all channels of a task, [pixels][co], which have to be known before their mean: in y itself, or in scratch memory.
  static int32_t* all_sums(size_t first_elem, int32_t*, int32_t* y) { return y + first_elem; }
  template <class Args>
  static int32_t* all_sums(size_t, int32_t* scratch, const Args&) {
    return scratch;
  }
  void center(size_t pixels, size_t, int32_t* sums, int32_t*) const {
    constexpr size_t kLargest = sizeof(X) == 1 ? 255 : 65535;  // |x - w|
    center_(pixels, shape_.co, sums, shape_.co, shape_.k < INT32_MAX / kLargest / (shape_.co + 1));
  }
  template <class Args>
  void center(size_t pixels, size_t first_elem, int32_t* sums, const Args& all) const {
    center(pixels, first_elem, sums, sums);
    Args args = part(all, 0, first_elem);
    args.rows = pixels;
    args.columns = args.sums_stride = shape_.co;
    args.sums = sums;
    rescale(kernels_, args);
  }

  size_t sum_rows() const {
    const size_t tile_bytes = tiles_.max_mr() * tiles_.nr * sizeof(int32_t);
    return fit_count(kSumBytes, tile_bytes) * tiles_.max_mr();
  }

  // Multiplies the panel with `pixels` pixels from `first` on: every block of k, every tile.
  void run_tiles(const PanelTask& p, size_t first, size_t pixels, size_t columns, int32_t* y, size_t y_stride) const {
    for (size_t b = 0; b < k_.block_count; ++b) {
      const KBlock& block = k_.blocks[b];
      const KSegment& segment = k_.segments[block.first_segment];
      IntegerTileArgs args = {};
      args.columns = columns;
      args.tail = segment.start + block.segment_elems == segment_groups_ ? tail_ : 0;
      args.segments = block.segments;
      args.groups = block.segment_elems - (args.tail ? 1 : 0);
      args.row_offsets = &row_offsets_[block.first_segment];
      args.panel = panels_[p.panel] + (segment.source * segment_groups_ + segment.start) * tiles_.nr * product_.group_bytes;
      args.compensation = &compensation_[p.panel * tiles_.nr];
      args.first = b == 0;
      args.y_stride = y_stride;
      const IntegerTile* tile = &tiles_.pick_tile(pixels);
      for (size_t pixel = 0; pixel < pixels; pixel += args.rows) {
        const size_t left = pixels - pixel;
        if (left < 2 * tiles_.max_mr()) tile = &tiles_.pick_tile(left);  // not before: its divisions take a tenth of a tile's time
        args.rows = std::min(static_cast<size_t>(tile->mr), left);
        args.row_pointers = p.row_pointers + first + pixel;
        args.row_sums = p.row_sums + first + pixel;
        args.y = y + pixel * y_stride;
        tile->run(args);
      }
    }
  }

  const QuantizeKernels<X>& kernels_;
  void (*const center_)(size_t rows, size_t channels, int32_t* y, size_t y_stride, bool narrow);
  const IntegerSums& sum_kernels_;
  const IntegerProduct& product_;
  const Conv2dShape shape_;
  const X pad_value_, x_flip_;
  const bool centered_;
  const TileSet<IntegerTile> tiles_;
  const bool in_place_;
  const WindowSegments segments_;
  const size_t segment_groups_;
  const uint64_t tail_;  // see IntegerTileArgs
  const KBlocks k_;
  PackedPanels<unsigned char> panels_;   // [groups][panels][k-groups][nr][group_bytes]
  AlignedBuffer<int32_t> compensation_;  // [groups][panels][nr]
  AlignedBuffer<size_t> row_offsets_;    // [segments]
  bool ok_;
};

template <class W>
std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_bytes(const KernelTable& kernels, const IntegerProduct& product, ThreadPool& pool,
                                                         const Conv2dShape& s, Weights<uint8_t, W> weights) {
  if (product.operands == IntegerOperands::kWidened)
    return make_if_ok<IntegerRows<int16_t, uint8_t, W>>(kernels, product, pool, s, weights);
  if (product.operands == IntegerOperands::kSignedBytes) weights.x_flip ^= 0x80;
  return make_if_ok<IntegerRows<uint8_t, uint8_t, W>>(kernels, product, pool, s, weights);
}

std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_adder(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                         const uint8_t* w, uint8_t pad_value, uint8_t flip, bool centered) {
  if (!centered && fits_sliding_rows(kernels, s)) return pack_sliding_rows(kernels, pool, s, w, pad_value, flip);
  return pack_bytes<uint8_t>(kernels, kernels.integer.l1_8, pool, s, {w, pad_value, flip, flip, centered});
}

template <class X>
Status run(const std::unique_ptr<PackedIntegerConv2d<X>>& packed, ThreadPool& pool, const Conv2dShape& s, const X* x, int32_t* y) {
  return packed ? packed->run(pool, s.n, x, y) : Status::kMemory;
}
}  // namespace

std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                const uint8_t* w, uint8_t pad_value, bool centered) {
  return pack_adder(kernels, pool, s, w, pad_value, 0, centered);
}

std::unique_ptr<PackedIntegerConv2d<int16_t>> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                                const int16_t* w, int16_t pad_value, bool centered) {
  const Weights<int16_t, int16_t> weights = {w, pad_value, 0, 0, centered};
  return make_if_ok<IntegerRows<int16_t, int16_t, int16_t>>(kernels, kernels.integer.l1_16, pool, s, weights);
}

std::unique_ptr<PackedIntegerConv2d<uint8_t>> pack_int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s,
                                                               const int8_t* w, uint8_t pad_value, bool seven_bits) {
  return pack_bytes<int8_t>(kernels, seven_bits ? kernels.integer.dot_7 : kernels.integer.dot_8, pool, s, {w, pad_value, 0, 0, false});
}

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const uint8_t* x, const uint8_t* w,
                    uint8_t pad_value, int32_t* y) {
  if (s.k > kMaxL1Bytes) return Status::kShape;
  return run(pack_adder_conv2d(kernels, pool, s, w, pad_value), pool, s, x, y);
}

// Adding 128 to both operands leaves |x - w| as it is, and psadbw exists for unsigned bytes only.
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const int8_t* x, const int8_t* w, int8_t pad_value,
                    int32_t* y) {
  if (s.k > kMaxL1Bytes) return Status::kShape;
  const auto bytes = [](const int8_t* p) { return reinterpret_cast<const uint8_t*>(p); };
  return run(pack_adder(kernels, pool, s, bytes(w), static_cast<uint8_t>(pad_value), 0x80, false), pool, s, bytes(x), y);
}

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const int16_t* x, const int16_t* w,
                    int16_t pad_value, int32_t* y) {
  if (s.k > kMaxL1Shorts) return Status::kShape;
  return run(pack_adder_conv2d(kernels, pool, s, w, pad_value), pool, s, x, y);
}

Status int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const uint8_t* x, const int8_t* w, uint8_t pad_value,
                   bool seven_bits, int32_t* y) {
  if (s.k > kMaxDotBytes) return Status::kShape;
  return run(pack_int8_conv2d(kernels, pool, s, w, pad_value, seven_bits), pool, s, x, y);
}
