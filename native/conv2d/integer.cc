// One driver for all integer convolutions: a tile is mr pixels x nr output channels, as in conv2d/pixel_rows.cc, but k counts words of
// bytes (IntegerTileArgs).
//
// T is what an element is in rows and panels: a byte or an int16. An input that needs no padding, no conversion and no part of a word is
// read where it lies; any other is copied into a band first, and the last word of its last run may reach a few bytes beyond.
//
// Sums that are rescaled stay in the first-level cache between the tiles and the kernel that takes them to y:
//
//   for each task (threads)          its band of input rows
//     for each group
//       for each panel               nr filters, packed in words once
//         for each few pixels        as many as leave their sums in the cache
//           for each block of k
//             for each mr pixels     one tile: sums [pixels][nr]
//           requantize or dequantize
#include "integer.h"

#include <cstring>
#include <new>
#include <type_traits>

#include "../runtime/scratch_layout.h"
#include "../gemm/tiling.h"
#include "input_strip.h"
#include "window_runs.h"

namespace {
size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

// What a convolution knows beforehand. x ^ x_flip and w ^ w_flip go to rows and panels: 0x80 takes numbers with sign to bytes without, or
// back.
template <class X, class W>
struct Weights {
  const W* w;
  X padding, x_flip;
  W w_flip;
};

// The filters of nr channels as words: panel[word][nr], zeros where a run or the channels end. The panel is all zeros before.
template <class Word, class T>
void pack_words(const T* filters, size_t channels, size_t k, size_t run_elems, size_t nr, unsigned char* panel) {
  constexpr size_t kElems = sizeof(Word) / sizeof(T);
  for (size_t run = 0; run < k; run += run_elems)
    for (size_t e = 0; e < run_elems; e += kElems, panel += nr * sizeof(Word)) {
      const size_t left = run_elems - e;
      if (left >= kElems)
        for (size_t j = 0; j < channels; ++j) std::memcpy(panel + j * sizeof(Word), filters + j * k + run + e, sizeof(Word));
      else
        for (size_t j = 0; j < channels; ++j) std::memcpy(panel + j * sizeof(Word), filters + j * k + run + e, left * sizeof(T));
    }
}

template <class T>
void pack_panel(size_t word_bytes, const T* filters, size_t channels, size_t k, size_t run_elems, size_t nr, unsigned char* panel) {
  switch (word_bytes) {
    case 2:
      return pack_words<uint16_t>(filters, channels, k, run_elems, nr, panel);
    case 4:
      return pack_words<uint32_t>(filters, channels, k, run_elems, nr, panel);
    default:
      return pack_words<uint64_t>(filters, channels, k, run_elems, nr, panel);
  }
}

// Sums of one panel that wait for being rescaled: half of the smallest first-level cache in use.
constexpr size_t kSumBytes = 16 << 10;

void rescale(const QuantizeKernels& kernels, const RequantizeArgs& args) { kernels.requantize(args); }
void rescale(const QuantizeKernels& kernels, const DequantizeArgs& args) { kernels.dequantize(args); }

// What belongs to y from a channel and an element on.
template <class Args>
Args part(Args args, size_t channel, size_t elem) {
  Rescaling& r = args.rescaling;
  r.scale += channel;
  r.shift += channel;
  if (r.residual_bytes) r.residual_bytes += elem;
  if (r.residual_floats) r.residual_floats += elem;
  args.y += elem;
  return args;
}

// Panel q of group g holds the group's channels [q * nr, q * nr + nr), zeros where there are no more.
template <class T, class X, class W>
class IntegerRows : public PackedIntegerConvolution<X> {
 public:
  IntegerRows(const KernelTable& kernels, const IntegerProduct& product, ThreadPool& pool, const ConvShape& s, const Weights<X, W>& weights)
      : kernels_(kernels.quantization),
        product_(product),
        shape_(s),
        padding_(weights.padding),
        x_flip_(weights.x_flip),
        tiles_(choose_tiles(product.tiles, s.n * s.ho * s.wo, s.group_co)),
        in_place_(!s.pads() && std::is_same_v<T, X> && x_flip_ == 0 && s.group_ci * sizeof(T) % product.group_bytes == 0),
        runs_(shape_, in_place_ ? s.w * s.ci : band_columns(s) * s.ci),
        run_words_(divide_up(runs_.elems() * sizeof(T), product.group_bytes)),
        tail_((uint64_t{1} << runs_.elems() * sizeof(T) % product.group_bytes * 8) - 1),
        k_(cut_k(runs_.count(), run_words_, product.max_groups)),
        panels_per_group_(divide_up(s.group_co, tiles_.nr)),
        panel_bytes_(runs_.count() * run_words_ * tiles_.nr * product.group_bytes),
        panels_(s.groups * panels_per_group_ * panel_bytes_),
        offsets_(s.groups * panels_per_group_ * tiles_.nr),
        row_offsets_(k_.segment_count) {
    AlignedBuffer<T> filters(s.w_elems);  // [co][k]
    ok_ = k_.ok() && panels_.ok() && offsets_.ok() && row_offsets_.ok() && filters.ok();
    if (!ok_) return;
    for (size_t i = 0; i < k_.segment_count; ++i)
      row_offsets_[i] = runs_.offset(k_.segments[i].run) * sizeof(T) + k_.segments[i].start * product.group_bytes;
    pool.parallel_for(s.groups * panels_per_group_, [&](size_t panel) { pack(weights, panel, filters.data()); });
  }
  bool ok() const { return ok_; }
  size_t bytes() const override { return panels_.bytes() + offsets_.bytes() + row_offsets_.bytes(); }

  Status run(ThreadPool& pool, size_t n, const X* x, int32_t* y) const override { return run_all(pool, n, x, y); }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling& rescaling, uint8_t q_max, uint8_t* y) const override {
    return run_all(pool, n, x, RequantizeArgs{0, 0, nullptr, tiles_.nr, rescaling, q_max, y, shape_.co});
  }
  Status run(ThreadPool& pool, size_t n, const X* x, const Rescaling& rescaling, const Activation& activation, float* y) const override {
    return run_all(pool, n, x, DequantizeArgs{0, 0, nullptr, tiles_.nr, rescaling, activation, y, shape_.co});
  }

 private:
  void pack(const Weights<X, W>& weights, size_t panel, T* filters) {
    const ConvShape& s = shape_;
    const size_t nr = tiles_.nr, column = panel % panels_per_group_ * nr, channels = std::min(nr, s.group_co - column);
    const size_t first = (panel / panels_per_group_ * s.group_co + column) * s.k, elems = channels * s.k;
    const W* const w = weights.w + first;
    std::transform(w, w + elems, filters + first, [&](W w) { return static_cast<T>(static_cast<W>(w ^ weights.w_flip)); });
    std::memset(&panels_[panel * panel_bytes_], 0, panel_bytes_);
    pack_panel(product_.group_bytes, filters + first, channels, s.k, runs_.elems(), nr, &panels_[panel * panel_bytes_]);
    if (product_.compensation_factor == 0) return;
    for (size_t j = 0; j < nr; ++j) {
      int64_t sum = 0;
      if (j < channels)
        for (size_t e = 0; e < s.k; ++e) sum += w[j * s.k + e];
      offsets_[panel * nr + j] = static_cast<int32_t>(sum * product_.compensation_factor);
    }
  }

  // The sums go to a target: to y as they are, int32_t*, or rescaled as the RequantizeArgs or DequantizeArgs of all of y say.
  template <class Target>
  Status run_all(ThreadPool& pool, size_t n, const X* x, const Target& target) const {
    const ConvShape s = with_images(shape_, n);
    const TaskGrid grid = cut_into_tasks(s, pool.threads(), sizeof(T));
    return run_tasks(pool, s, grid, [&](const Task& task) { return run_task(s, grid, task, x, target); });
  }

  // A panel and the pixels of a task that it meets.
  struct PanelTask {
    size_t panel, columns, channel;  // columns of nr; the first one's output channel
    const void* const* origins;      // [pixels], and more for tiles that reach beyond
    size_t pixels;
    size_t elem;    // of y, where the first pixel's first column goes
    int32_t* sums;  // [sum_rows()][nr] scratch memory, for sums that are rescaled
  };

  template <class Target>
  bool run_task(const ConvShape& s, const TaskGrid& grid, const Task& task, const X* x, const Target& target) const {
    const size_t most_pixels = grid.images_per_task * grid.rows_per_task * s.wo, spare = tiles_.tallest();
    const size_t band_elems = in_place_ ? 0 : copied_band_elems(s, grid) + product_.group_bytes / sizeof(T);
    ScratchLayout layout;
    const auto origin_slot = layout.add<const void*>(most_pixels + spare);
    const auto sum_slot = layout.add<int32_t>(std::is_same_v<Target, int32_t*> ? 0 : sum_rows() * tiles_.nr);
    const auto band_slot = layout.add<T>(band_elems);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const void** const origins = scratch[origin_slot];
    const BandOf<T> rows = band(s, task, x, scratch[band_slot]);
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_windows(s, task, rows, g, spare, origins);
      for (size_t q = 0; q < panels_per_group_; ++q) {
        const size_t column = q * tiles_.nr, channel = g * s.group_co + column;
        PanelTask work = {};
        work.panel = g * panels_per_group_ + q;
        work.columns = std::min(tiles_.nr, s.group_co - column);
        work.channel = channel;
        work.origins = origins;
        work.pixels = pixels;
        work.elem = (task.image * s.ho + task.row) * s.wo * s.co + channel;
        work.sums = scratch[sum_slot];
        run_panel(work, target);
      }
    }
    return true;
  }

  BandOf<T> band(const ConvShape& s, const Task& task, const X* x, T* scratch) const {
    if constexpr (std::is_same_v<T, X>)
      if (in_place_) return {x + (task.image * s.h + task.row * s.sh) * runs_.row_stride, s.h * runs_.row_stride, runs_.row_stride};
    const auto convert = [&](X x) { return static_cast<T>(static_cast<X>(x ^ x_flip_)); };
    return copy_band(s, task, x, convert(padding_), scratch, [&](const X* first, const X* last, T* out) {
      if (std::is_same_v<T, X> && x_flip_ == 0) std::memcpy(out, first, (last - first) * sizeof(T));
      else std::transform(first, last, out, convert);
    });
  }

  void run_panel(const PanelTask& p, int32_t* y) const { add_up(p.panel, p.columns, p.origins, p.pixels, y + p.elem, shape_.co); }

  template <class Args>
  void run_panel(const PanelTask& p, const Args& all) const {
    Args args = part(all, p.channel, p.elem);
    args.columns = p.columns;
    args.sums = p.sums;
    for (size_t pixel = 0; pixel < p.pixels; pixel += args.rows) {
      args.rows = std::min(sum_rows(), p.pixels - pixel);
      // All nr columns, those of no channel too: tiles write whole vectors fastest.
      add_up(p.panel, tiles_.nr, p.origins + pixel, args.rows, p.sums, tiles_.nr);
      rescale(kernels_, part(args, 0, pixel * shape_.co));
    }
  }
  size_t sum_rows() const {
    const size_t tile_bytes = tiles_.tallest() * tiles_.nr * sizeof(int32_t);
    return std::max<size_t>(kSumBytes / tile_bytes, 1) * tiles_.tallest();
  }

  // One panel against some pixels: every block of k, every tile.
  void add_up(size_t panel, size_t columns, const void* const* origins, size_t pixels, int32_t* y, size_t y_stride) const {
    for (size_t b = 0; b < k_.block_count; ++b) {
      const KBlock& block = k_.blocks[b];
      const KSegment& segment = k_.segments[block.first_segment];
      IntegerTileArgs args = {};
      args.columns = columns;
      args.tail = segment.start + block.segment_elems == run_words_ ? tail_ : 0;
      args.segments = block.segments;
      args.groups = block.segment_elems - (args.tail ? 1 : 0);
      args.row_offsets = &row_offsets_[block.first_segment];
      args.panel = &panels_[panel * panel_bytes_ + (segment.run * run_words_ + segment.start) * tiles_.nr * product_.group_bytes];
      args.compensation = &offsets_[panel * tiles_.nr];
      args.first = b == 0;
      args.y_stride = y_stride;
      const IntegerTile* tile = &tiles_.fitting(pixels);
      for (size_t pixel = 0; pixel < pixels; pixel += args.rows) {
        const size_t left = pixels - pixel;
        if (left < 2 * tiles_.tallest()) tile = &tiles_.fitting(left);  // not before: its divisions take a tenth of a tile's time
        args.rows = std::min(static_cast<size_t>(tile->mr), left);
        args.row_pointers = origins + pixel;
        args.y = y + pixel * y_stride;
        tile->run(args);
      }
    }
  }

  const QuantizeKernels& kernels_;
  const IntegerProduct& product_;
  const ConvShape shape_;
  const X padding_, x_flip_;
  const TileColumnOf<IntegerTile> tiles_;
  const bool in_place_;
  const WindowRuns runs_;
  const size_t run_words_;
  const uint64_t tail_;  // see IntegerTileArgs
  const KBlocks k_;
  const size_t panels_per_group_, panel_bytes_;
  AlignedBuffer<unsigned char> panels_;  // [groups][panels][words][nr][word_bytes]
  AlignedBuffer<int32_t> offsets_;       // [groups][panels][nr]
  AlignedBuffer<size_t> row_offsets_;    // [segments]
  bool ok_;
};

// Null if memory is out.
template <class T, class X, class W>
std::unique_ptr<PackedIntegerConvolution<X>> pack(const KernelTable& kernels, const IntegerProduct& product, ThreadPool& pool,
                                                  const ConvShape& s, const Weights<X, W>& weights) {
  std::unique_ptr<IntegerRows<T, X, W>> form(new (std::nothrow) IntegerRows<T, X, W>(kernels, product, pool, s, weights));
  if (form && !form->ok()) form.reset();
  return form;
}

template <class W>
std::unique_ptr<PackedIntegerConvolution<uint8_t>> pack_bytes(const KernelTable& kernels, const IntegerProduct& product, ThreadPool& pool,
                                                              const ConvShape& s, Weights<uint8_t, W> weights) {
  if (product.operands == IntegerOperands::kWidened) return pack<int16_t>(kernels, product, pool, s, weights);
  if (product.operands == IntegerOperands::kSignedBytes) weights.x_flip ^= 0x80;
  return pack<uint8_t>(kernels, product, pool, s, weights);
}

template <class X>
Status run(const std::unique_ptr<PackedIntegerConvolution<X>>& packed, ThreadPool& pool, const ConvShape& s, const X* x, int32_t* y) {
  return packed ? packed->run(pool, s.n, x, y) : Status::kMemory;
}
}  // namespace

std::unique_ptr<PackedIntegerConvolution<uint8_t>> pack_adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s,
                                                                     const uint8_t* w, uint8_t padding) {
  return pack_bytes<uint8_t>(kernels, kernels.integer.l1_8, pool, s, {w, padding, 0, 0});
}

std::unique_ptr<PackedIntegerConvolution<uint8_t>> pack_int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s,
                                                                    const int8_t* w, uint8_t padding, bool seven_bits) {
  return pack_bytes<int8_t>(kernels, seven_bits ? kernels.integer.dot_7 : kernels.integer.dot_8, pool, s, {w, padding, 0, 0});
}

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const uint8_t* x, const uint8_t* w, uint8_t padding,
                    int32_t* y) {
  if (s.k > kMostL1Bytes) return Status::kShape;
  return run(pack_adder_conv2d(kernels, pool, s, w, padding), pool, s, x, y);
}

// Adding 128 to both operands leaves |x - w| as it is, and psadbw exists for bytes without sign only.
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const int8_t* x, const int8_t* w, int8_t padding,
                    int32_t* y) {
  if (s.k > kMostL1Bytes) return Status::kShape;
  const auto bytes = [](const int8_t* p) { return reinterpret_cast<const uint8_t*>(p); };
  const Weights<uint8_t, uint8_t> weights = {bytes(w), static_cast<uint8_t>(padding), 0x80, 0x80};
  return run(pack_bytes(kernels, kernels.integer.l1_8, pool, s, weights), pool, s, bytes(x), y);
}

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const int16_t* x, const int16_t* w, int16_t padding,
                    int32_t* y) {
  if (s.k > kMostL1Shorts) return Status::kShape;
  const Weights<int16_t, int16_t> weights = {w, padding, 0, 0};
  return run(pack<int16_t>(kernels, kernels.integer.l1_16, pool, s, weights), pool, s, x, y);
}

Status int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const uint8_t* x, const int8_t* w, uint8_t padding,
                   bool seven_bits, int32_t* y) {
  if (s.k > kMostDotBytes) return Status::kShape;
  return run(pack_int8_conv2d(kernels, pool, s, w, padding, seven_bits), pool, s, x, y);
}
