// Signs are packed in words, and a tile counts where windows and filters differ:
//
//   for each task (threads)          its strip of input rows, padded, as words
//     for each group
//       for each panel               nr filters, packed [words][nr] once
//         for each mr pixels         one tile
//
// A window is a few segments, each padded with zero bits to whole words: its taps, or its kernel rows where that takes fewer words.
// Segments are laid out once for every place where one can start, so that a window's words lie at the same distances from its first for
// every pixel:
//
//   strip [image][row][place][group][segment_words]        places: every column for taps, every window's first column for kernel rows
#include "xnor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../gemm/packed_panels.h"
#include "../gemm/tile_set.h"
#include "../runtime/make_if_ok.h"
#include "../runtime/run_tasks.h"
#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"

namespace {
struct SignSegments {
  const Conv2dShape& s;
  const size_t signs_per_word;
  const bool kernel_rows;
  const size_t count, elems, words;  // segments of a window; signs and words of a segment

  SignSegments(const Conv2dShape& s, int signs_per_word)
      : s(s),
        signs_per_word(static_cast<size_t>(signs_per_word)),
        kernel_rows(s.groups == 1 && s.dw == 1 && words_of(s.kw * s.group_ci) < s.kw * words_of(s.group_ci)),
        count(kernel_rows ? s.kh : s.kh * s.kw),
        elems(kernel_rows ? s.kw * s.group_ci : s.group_ci),
        words(words_of(elems)) {}

  size_t words_of(size_t elems) const { return divide_up(elems, signs_per_word); }
  size_t places() const { return kernel_rows ? s.wo : strip_columns(s); }
  size_t place_columns() const { return kernel_rows ? s.sw : 1; }
  size_t place_words() const { return s.groups * words; }
  size_t row_words() const { return places() * place_words(); }
  size_t window_words() const { return count * words; }
  // How many words lie between a window's first and word p.
  size_t offset(size_t p) const {
    const size_t segment = p / words, kh = kernel_rows ? segment : segment / s.kw, kw = kernel_rows ? 0 : segment % s.kw;
    return kh * s.dh * row_words() + kw * s.dw * place_words() + p % words;
  }
  // Packed bits, pixel after pixel, are the strip's row as they are.
  bool bits_are_words() const { return signs_per_word == 32 && s.group_ci % 32 == 0; }
};

// Lays out the `signs` bits from bit `at` on as words that are `stride` apart. Reads a word beyond.
template <size_t kSignsPerWord>
void cut(const uint32_t* bits, size_t at, size_t signs, uint32_t* out, size_t stride) {
  for (;; at += kSignsPerWord, signs -= kSignsPerWord, out += stride) {
    const uint64_t two = bits[at / 32] | static_cast<uint64_t>(bits[at / 32 + 1]) << 32;
    uint32_t word = static_cast<uint32_t>(two >> at % 32);
    if (signs < kSignsPerWord) word &= (uint32_t{1} << signs) - 1;
    if (kSignsPerWord == 16) {  // four signs to a byte
      word &= 0xffff;
      word = (word | word << 8) & 0x00ff00ff;
      word = (word | word << 4) & 0x0f0f0f0f;
    }
    *out = word;
    if (signs <= kSignsPerWord) return;
  }
}

struct PackedSigns {
  PackedPanels<uint32_t> panels;  // [groups][panels][words][nr]
  AlignedBuffer<float> alpha;     // [groups][panels][nr]
  bool ok() const { return panels.ok() && alpha.ok(); }
};

// There are eight sums, so that an addition does not wait for the one before.
double mean_magnitude(const float* w, size_t k) {
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= k; i += 8)
    for (size_t j = 0; j < 8; ++j) sums[j] += std::fabs(w[i + j]);
  for (; i < k; ++i) sums[0] += std::fabs(w[i]);
  return (((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))) / static_cast<double>(k);
}

void pack_filter(const XnorKernels& kernels, const SignSegments& segments, const float* w, uint32_t* out, size_t nr) {
  constexpr size_t kPieceSigns = 1024;
  uint32_t bits[kPieceSigns / 32 + 1] = {};
  for (size_t r = 0; r < segments.count; ++r)
    for (size_t i = 0; i < segments.elems; i += kPieceSigns) {
      const size_t signs = std::min(kPieceSigns, segments.elems - i);
      kernels.pack_signs(signs, w + r * segments.elems + i, bits);
      uint32_t* const words = out + (r * segments.words + i / segments.signs_per_word) * nr;
      if (segments.signs_per_word == 32) cut<32>(bits, 0, signs, words, nr);
      else cut<16>(bits, 0, signs, words, nr);
    }
}

PackedSigns pack_filters(const XnorKernels& kernels, ThreadPool& pool, const SignSegments& segments, const float* w, size_t nr) {
  const Conv2dShape& s = segments.s;
  const PanelGrid grid(s.groups, s.group_co, nr);
  PackedSigns p = {{grid, segments.window_words() * nr}, AlignedBuffer<float>(grid.count * nr)};
  if (!p.ok()) return p;
  std::fill_n(p.alpha.data(), grid.count * nr, 0.0f);
  p.panels.pack(pool, [&](size_t i, uint32_t* panel) {
    for (size_t c = 0; c < grid.columns(i); ++c) {
      const float* filter = w + (grid.first_column(i) + c) * s.k;
      pack_filter(kernels, segments, filter, panel + c, nr);
      p.alpha[i * nr + c] = static_cast<float>(mean_magnitude(filter, s.k));
    }
  });
  return p;
}

class XnorConv2d : public PackedConv2d {
 public:
  XnorConv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w, const Epilogue& epilogue)
      : kernels_(kernels),
        shape_(s),
        tiles_(choose_tiles(kernels.xnor.tiles, s.n * s.ho * s.wo, s.group_co)),
        segments_(shape_, kernels.xnor.signs_per_word),
        filters_(pack_filters(kernels.xnor, pool, segments_, w, tiles_.nr)),
        bias_({epilogue.bias, nullptr, nullptr, {}}, {s.groups, s.group_co}, filters_.panels.grid().per_group * tiles_.nr),
        epilogue_({nullptr, epilogue.scale, epilogue.shift, epilogue.activation}, {s.groups, s.group_co}),
        word_offsets_(segments_.window_words()),
        bit_words_(divide_up(strip_columns(s) * s.ci + 31, 32) + 1) {
    if (!ok()) return;
    for (size_t p = 0; p < segments_.window_words(); ++p) word_offsets_[p] = segments_.offset(p);
  }
  bool ok() const { return filters_.ok() && bias_.ok() && epilogue_.ok() && word_offsets_.ok(); }
  size_t bytes() const override {
    return filters_.panels.bytes() + filters_.alpha.bytes() + bias_.bytes() + epilogue_.bytes() + word_offsets_.bytes();
  }

  Status run(const Conv2dRun& r) const override {
    const Conv2dShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, grid.tasks, [&](size_t i) { return run_task(s, grid, r, grid.task(s, i)); });
  }

 private:
  // Packs one padded row of the strip; `row` is the image's, null where the row is padding. `bits` is working memory.
  void pack_row(const float* row, uint32_t* bits, uint32_t* out) const {
    const Conv2dShape& s = shape_;
    if (!row) {
      std::memset(out, 0, segments_.row_words() * sizeof(uint32_t));
      return;
    }
    const ImageColumns inside(s);
    // The image's first column falls on the start of a word, wherever that puts the row's.
    const size_t border = inside.left * s.ci, start = (32 - border % 32) % 32;
    const size_t image_elems = (inside.right - inside.left) * s.ci;
    const bool straight = segments_.bits_are_words();
    uint32_t* const to = straight ? out : bits;
    std::memset(to, 0, (straight ? segments_.row_words() : bit_words_) * sizeof(uint32_t));
    kernels_.xnor.pack_signs(image_elems, row, to + (start + border) / 32);
    if (straight) return;
    if (segments_.signs_per_word == 32) cut_row<32>(bits, start, out);
    else cut_row<16>(bits, start, out);
  }
  template <size_t kSignsPerWord>
  void cut_row(const uint32_t* bits, size_t start, uint32_t* out) const {
    const Conv2dShape& s = shape_;
    const size_t places = segments_.places(), step = segments_.place_columns() * s.ci, groups = s.groups, elems = segments_.elems,
                 words = segments_.words;
    for (size_t place = 0; place < places; ++place)
      for (size_t g = 0; g < groups; ++g, out += words) cut<kSignsPerWord>(bits, start + place * step + g * s.group_ci, elems, out, 1);
  }

  // Lists where the windows of all the task's pixels start, and the last one again for tiles that reach beyond. Returns the number of
  // pixels.
  size_t list_row_pointers(const Task& task, const uint32_t* strip, size_t group, const uint32_t** row_pointers) const {
    const Conv2dShape& s = shape_;
    const size_t rows = strip_rows(s, task.rows), step = s.sw / segments_.place_columns() * segments_.place_words();
    const uint32_t** row_pointer = row_pointers;
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = 0; row < task.rows; ++row) {
        const uint32_t* first = strip + (i * rows + row * s.sh) * segments_.row_words() + group * segments_.words;
        for (size_t column = 0; column < s.wo; ++column) *row_pointer++ = first + column * step;
      }
    std::fill(row_pointer, row_pointer + tiles_.max_mr(), row_pointer[-1]);
    return static_cast<size_t>(row_pointer - row_pointers);
  }

  bool run_task(const Conv2dShape& s, const TaskGrid& grid, const Conv2dRun& r, const Task& task) const {
    const size_t rows = strip_rows(s, task.rows), strip_words = task.images * rows * segments_.row_words(), nr = tiles_.nr;
    const size_t pointers = grid.images_per_task * grid.rows_per_task * s.wo + tiles_.max_mr();
    ScratchLayout layout;
    const auto pointer_slot = layout.add<const uint32_t*>(pointers);
    const auto strip_slot = layout.add<uint32_t>(strip_words);
    const auto bit_slot = layout.add<uint32_t>(bit_words_);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const uint32_t** const row_pointers = scratch[pointer_slot];
    uint32_t* const strip = scratch[strip_slot];
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = 0; row < rows; ++row)
        pack_row(image_row(s, task, r.x, i, row), scratch[bit_slot], strip + (i * rows + row) * segments_.row_words());

    const size_t output = (task.image * s.ho + task.row) * s.wo * s.co;
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_row_pointers(task, strip, g, row_pointers);
      for (size_t q = 0; q < filters_.panels.grid().per_group; ++q) {
        const size_t panel = g * filters_.panels.grid().per_group + q;
        XnorTileArgs args = {};
        args.columns = filters_.panels.grid().columns(panel);
        args.words = segments_.window_words();
        args.word_offsets = word_offsets_.data();
        args.panel = filters_.panels[panel];
        args.k = static_cast<int32_t>(s.k);
        args.alpha = &filters_.alpha[panel * nr];
        args.bias = bias_.bias(panel * nr);
        args.y = r.y + output + g * s.group_co + q * nr;
        args.y_stride = s.co;
        for (size_t pixel = 0; pixel < pixels; pixel += args.rows) {
          const XnorTile& tile = tiles_.pick_tile(pixels - pixel);
          args.rows = std::min(static_cast<size_t>(tile.mr), pixels - pixel);
          args.row_pointers = row_pointers + pixel;
          tile.run(args);
          args.y += args.rows * s.co;
        }
      }
    }
    epilogue_.finish(kernels_, task.images * task.rows * s.wo, s.co, r.residual ? r.residual + output : nullptr, r.y + output);
    return true;
  }

  const KernelTable& kernels_;
  const Conv2dShape shape_;
  const TileSet<XnorTile> tiles_;
  const SignSegments segments_;
  const PackedSigns filters_;
  const PackedEpilogue bias_;  // [groups][panels][nr], for the tiles
  const SeparateEpilogue epilogue_;
  AlignedBuffer<size_t> word_offsets_;  // [window words]
  const size_t bit_words_;              // words of a padded row whose start is shifted by up to 31 bits, and a word to read beyond
};
}  // namespace

std::unique_ptr<PackedConv2d> pack_xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* w,
                                               const Epilogue& epilogue) {
  return make_if_ok<XnorConv2d>(kernels, pool, s, w, epilogue);
}

Status xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   float* y) {
  if (s.k > kMaxSigns) return Status::kShape;
  const auto packed = pack_xnor_conv2d(kernels, pool, s, w, {bias, nullptr, nullptr, {}});
  return packed ? packed->run({pool, s.n, x, nullptr, y}) : Status::kMemory;
}
