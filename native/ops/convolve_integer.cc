// One driver for all integer convolutions: a tile is mr pixels x nr output channels, as in convolve_pixel_rows.cc, but k counts words of
// bytes (IntegerTileArgs).
//
// T is what an element is in rows and panels: a byte or an int16. An input that needs no padding, no conversion and no part of a word is
// read where it lies; any other is copied into a band first, and the last word of its last run may reach a few bytes beyond.
#include "convolve_integer.h"

#include <cstring>
#include <type_traits>

#include "../runtime/scratch.h"
#include "convolve_forms.h"

namespace {
size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

// x ^ x_flip and w ^ w_flip go to rows and panels: 0x80 takes numbers with sign to bytes without, or back.
template <class X, class W>
struct Operands {
  const X* x;
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

// What all tasks share, and one task.
template <class T, class X, class W>
struct IntegerRows {
  const IntegerProduct& product;
  const ConvShape& s;
  const Operands<X, W> in;
  int32_t* const y;
  const TileColumnOf<IntegerTile> tiles;
  const bool in_place;
  const WindowRuns runs;
  const size_t run_words;
  const uint64_t tail;  // see IntegerTileArgs
  const KBlocks k;
  const TaskGrid grid;
  const size_t panels_per_group, panel_bytes, most_pixels, band_bytes;
  AlignedBuffer<T> filters;             // [co][k]
  AlignedBuffer<unsigned char> panels;  // [groups][panels][words][nr][word_bytes]
  AlignedBuffer<int32_t> offsets;       // [groups][panels][nr]
  AlignedBuffer<size_t> row_offsets;    // [segments]

  IntegerRows(const IntegerProduct& product, ThreadPool& pool, const ConvShape& s, const Operands<X, W>& in, int32_t* y)
      : product(product),
        s(s),
        in(in),
        y(y),
        tiles(choose_tiles(product.tiles, s.n * s.ho * s.wo, s.group_co)),
        in_place(!s.pads() && std::is_same_v<T, X> && in.x_flip == 0 && s.group_ci * sizeof(T) % product.word_bytes == 0),
        runs(s, in_place ? s.w * s.ci : band_columns(s) * s.ci),
        run_words(divide_up(runs.elems() * sizeof(T), product.word_bytes)),
        tail((uint64_t{1} << runs.elems() * sizeof(T) % product.word_bytes * 8) - 1),
        k(cut_k(runs.count(), run_words, product.most_words)),
        grid(cut_into_tasks(s, pool.threads(), sizeof(T))),
        panels_per_group(divide_up(s.group_co, tiles.nr)),
        panel_bytes(runs.count() * run_words * tiles.nr * product.word_bytes),
        most_pixels(grid.images_per_task * grid.rows_per_task * s.wo),
        band_bytes(in_place ? 0 : copied_band_elems(s, grid) * sizeof(T) + product.word_bytes),
        filters(s.w_elems),
        panels(s.groups * panels_per_group * panel_bytes),
        offsets(s.groups * panels_per_group * tiles.nr),
        row_offsets(k.segment_count) {
    if (!ok()) return;
    for (size_t i = 0; i < k.segment_count; ++i)
      row_offsets[i] = runs.offset(k.segments[i].run) * sizeof(T) + k.segments[i].start * product.word_bytes;
    pool.parallel_for(s.groups * panels_per_group, [&](size_t panel) { pack(panel); });
  }
  bool ok() const { return k.ok() && filters.ok() && panels.ok() && offsets.ok() && row_offsets.ok(); }

  void pack(size_t panel) {
    const size_t nr = tiles.nr, column = panel % panels_per_group * nr, channels = std::min(nr, s.group_co - column);
    const size_t first = (panel / panels_per_group * s.group_co + column) * s.k, elems = channels * s.k;
    std::transform(in.w + first, in.w + first + elems, &filters[first], [&](W w) { return static_cast<T>(static_cast<W>(w ^ in.w_flip)); });
    std::memset(&panels[panel * panel_bytes], 0, panel_bytes);
    pack_panel(product.word_bytes, &filters[first], channels, s.k, runs.elems(), nr, &panels[panel * panel_bytes]);
    if (product.weight_factor == 0) return;
    for (size_t j = 0; j < nr; ++j) {
      int64_t sum = 0;
      if (j < channels)
        for (size_t e = 0; e < s.k; ++e) sum += in.w[first + j * s.k + e];
      offsets[panel * nr + j] = static_cast<int32_t>(sum * product.weight_factor);
    }
  }

  BandOf<T> band(const Task& task, T* scratch) const {
    if constexpr (std::is_same_v<T, X>)
      if (in_place) return {in.x + (task.image * s.h + task.row * s.sh) * runs.row_stride, s.h * runs.row_stride, runs.row_stride};
    const auto convert = [&](X x) { return static_cast<T>(static_cast<X>(x ^ in.x_flip)); };
    return copy_band(s, task, in.x, convert(in.padding), scratch, [&](const X* first, const X* last, T* out) {
      if (std::is_same_v<T, X> && in.x_flip == 0) std::memcpy(out, first, (last - first) * sizeof(T));
      else std::transform(first, last, out, convert);
    });
  }

  bool run(const Task& task) const {
    const size_t spare = tiles.tallest();
    void* const scratch = thread_scratch((most_pixels + spare) * sizeof(const void*) + band_bytes);
    if (!scratch) return false;
    const void** const origins = static_cast<const void**>(scratch);  // [pixels + spare]
    const BandOf<T> rows = band(task, reinterpret_cast<T*>(origins + most_pixels + spare));
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_windows(s, task, rows, g, spare, origins);
      for (size_t q = 0; q < panels_per_group; ++q) {
        const size_t panel = g * panels_per_group + q, column = q * tiles.nr;
        IntegerTileArgs args = {};
        args.columns = std::min(tiles.nr, s.group_co - column);
        args.panel = &panels[panel * panel_bytes];
        args.offsets = &offsets[panel * tiles.nr];
        args.y = y + (task.image * s.ho + task.row) * s.wo * s.co + g * s.group_co + column;
        args.y_stride = s.co;
        run_panel(args, origins, pixels);
      }
    }
    return true;
  }

  // One panel against all pixels: every block of k, every tile.
  void run_panel(const IntegerTileArgs& all, const void* const* origins, size_t pixels) const {
    for (size_t b = 0; b < k.block_count; ++b) {
      const KBlock& block = k.blocks[b];
      const KSegment& segment = k.segments[block.first_segment];
      IntegerTileArgs args = all;
      args.tail = segment.start + block.segment_elems == run_words ? tail : 0;
      args.runs = block.segments;
      args.words = block.segment_elems - (args.tail ? 1 : 0);
      args.row_offsets = &row_offsets[block.first_segment];
      args.panel += (segment.run * run_words + segment.start) * tiles.nr * product.word_bytes;
      args.first = b == 0;
      const IntegerTile* tile = &tiles.fitting(pixels);
      for (size_t pixel = 0; pixel < pixels; pixel += args.rows) {
        const size_t left = pixels - pixel;
        if (left < 2 * tiles.tallest()) tile = &tiles.fitting(left);  // not before: its divisions take a tenth of a tile's time
        args.rows = std::min(static_cast<size_t>(tile->mr), left);
        args.row_origins = origins + pixel;
        args.y = all.y + pixel * all.y_stride;
        tile->run(args);
      }
    }
  }
};

template <class T, class X, class W>
Status run(const IntegerProduct& product, ThreadPool& pool, const ConvShape& s, const Operands<X, W>& in, int32_t* y) {
  const IntegerRows<T, X, W> form(product, pool, s, in, y);
  if (!form.ok()) return Status::kMemory;
  return run_tasks(pool, s, form.grid, [&](const Task& task) { return form.run(task); });
}

template <class W>
Status run_bytes(const IntegerProduct& product, ThreadPool& pool, const ConvShape& s, Operands<uint8_t, W> in, int32_t* y) {
  if (product.operands == IntegerOperands::kWidened) return run<int16_t>(product, pool, s, in, y);
  if (product.operands == IntegerOperands::kSignedBytes) in.x_flip ^= 0x80;
  return run<uint8_t>(product, pool, s, in, y);
}
}  // namespace

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const uint8_t* x, const uint8_t* w, uint8_t padding,
                    int32_t* y) {
  if (s.k > kMostL1Bytes) return Status::kShape;
  return run_bytes<uint8_t>(kernels.integer.l1_8, pool, s, {x, w, padding, 0, 0}, y);
}

// Adding 128 to both operands leaves |x - w| as it is, and psadbw exists for bytes without sign only.
Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const int8_t* x, const int8_t* w, int8_t padding,
                    int32_t* y) {
  if (s.k > kMostL1Bytes) return Status::kShape;
  const auto bytes = [](const int8_t* p) { return reinterpret_cast<const uint8_t*>(p); };
  return run_bytes<uint8_t>(kernels.integer.l1_8, pool, s, {bytes(x), bytes(w), static_cast<uint8_t>(padding), 0x80, 0x80}, y);
}

Status adder_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const int16_t* x, const int16_t* w, int16_t padding,
                    int32_t* y) {
  if (s.k > kMostL1Shorts) return Status::kShape;
  return run<int16_t, int16_t, int16_t>(kernels.integer.l1_16, pool, s, {x, w, padding, 0, 0}, y);
}

Status int8_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const uint8_t* x, const int8_t* w, uint8_t padding,
                   bool seven_bits, int32_t* y) {
  if (s.k > kMostDotBytes) return Status::kShape;
  return run_bytes<int8_t>(seven_bits ? kernels.integer.dot_7 : kernels.integer.dot_8, pool, s, {x, w, padding, 0, 0}, y);
}
