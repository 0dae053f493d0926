// Signs are packed in words, and a tile counts where windows and filters differ:
//
//   for each task (threads)          its band of input rows, padded, as words
//     for each group
//       for each panel               nr filters, packed [words][nr] once
//         for each mr pixels         one tile
//
// A window is a few runs, each padded with zero bits to whole words: its taps, or its kernel rows where that takes fewer words. Runs are
// laid out once for every place where one can start, so that a window's words lie at the same distances from its first for every pixel:
//
//   band [image][row][place][group][run_words]        places: every column for taps, every window's first column for kernel rows
#include "xnor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../runtime/aligned_buffer.h"
#include "../runtime/scratch_layout.h"
#include "forms.h"
#include "input_strip.h"

namespace {
size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

struct SignRuns {
  const ConvShape& s;
  const size_t signs_per_word;
  const bool kernel_rows;
  const size_t count, elems, words;  // runs of a window; signs and words of a run

  SignRuns(const ConvShape& s, int signs_per_word)
      : s(s),
        signs_per_word(static_cast<size_t>(signs_per_word)),
        kernel_rows(s.groups == 1 && s.dw == 1 && words_of(s.kw * s.group_ci) < s.kw * words_of(s.group_ci)),
        count(kernel_rows ? s.kh : s.kh * s.kw),
        elems(kernel_rows ? s.kw * s.group_ci : s.group_ci),
        words(words_of(elems)) {}

  size_t words_of(size_t elems) const { return divide_up(elems, signs_per_word); }
  size_t places() const { return kernel_rows ? s.wo : band_columns(s); }
  size_t place_columns() const { return kernel_rows ? s.sw : 1; }
  size_t place_words() const { return s.groups * words; }
  size_t row_words() const { return places() * place_words(); }
  size_t window_words() const { return count * words; }
  // Words from a window's first to word p.
  size_t offset(size_t p) const {
    const size_t run = p / words, kh = kernel_rows ? run : run / s.kw, kw = kernel_rows ? 0 : run % s.kw;
    return kh * s.dh * row_words() + kw * s.dw * place_words() + p % words;
  }
  // Packed bits, pixel after pixel, are the band's row as they are.
  bool bits_are_words() const { return signs_per_word == 32 && s.group_ci % 32 == 0; }
};

// Lays out `signs` bits from bit `at` on as words, `stride` apart. Reads a word beyond.
template <size_t kSignsPerWord>
void cut(const uint32_t* bits, size_t at, size_t signs, uint32_t* out, size_t stride) {
  for (;; at += kSignsPerWord, signs -= kSignsPerWord, out += stride) {
    const uint64_t two = bits[at / 32] | static_cast<uint64_t>(bits[at / 32 + 1]) << 32;
    uint32_t word = static_cast<uint32_t>(two >> at % 32);
    if (signs < kSignsPerWord) word &= (uint32_t{1} << signs) - 1;
    if (kSignsPerWord == 16) {  // four to a byte
      word &= 0xffff;
      word = (word | word << 8) & 0x00ff00ff;
      word = (word | word << 4) & 0x0f0f0f0f;
    }
    *out = word;
    if (signs <= kSignsPerWord) return;
  }
}

// Panel q of group g holds the group's channels [q * nr, q * nr + nr), zeros where there are no more.
struct PackedSigns {
  size_t panels_per_group;
  AlignedBuffer<uint32_t> panels;  // [groups][panels][words][nr]
  AlignedBuffer<float> alpha;      // [groups][panels][nr]
  bool ok() const { return panels.ok() && alpha.ok(); }
};

// Eight sums, so that an addition does not wait for the one before.
double mean_magnitude(const float* w, size_t k) {
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= k; i += 8)
    for (size_t j = 0; j < 8; ++j) sums[j] += std::fabs(w[i + j]);
  for (; i < k; ++i) sums[0] += std::fabs(w[i]);
  return (((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))) / static_cast<double>(k);
}

void pack_filter(const XnorKernels& kernels, const SignRuns& runs, const float* w, uint32_t* out, size_t nr) {
  constexpr size_t kPiece = 1024;
  uint32_t bits[kPiece / 32 + 1] = {};
  for (size_t r = 0; r < runs.count; ++r)
    for (size_t i = 0; i < runs.elems; i += kPiece) {
      const size_t signs = std::min(kPiece, runs.elems - i);
      kernels.pack_signs(signs, w + r * runs.elems + i, bits);
      uint32_t* const words = out + (r * runs.words + i / runs.signs_per_word) * nr;
      if (runs.signs_per_word == 32) cut<32>(bits, 0, signs, words, nr);
      else cut<16>(bits, 0, signs, words, nr);
    }
}

PackedSigns pack_filters(const XnorKernels& kernels, ThreadPool& pool, const SignRuns& runs, const float* w, size_t nr) {
  const ConvShape& s = runs.s;
  PackedSigns p = {divide_up(s.group_co, nr), {}, {}};
  const size_t count = s.groups * p.panels_per_group, panel_words = runs.window_words() * nr;
  p.panels = AlignedBuffer<uint32_t>(count * panel_words);
  p.alpha = AlignedBuffer<float>(count * nr);
  if (!p.ok()) return p;
  std::fill(&p.alpha[0], &p.alpha[count * nr], 0.0f);
  pool.parallel_for(count, [&](size_t i) {
    const size_t column = i % p.panels_per_group * nr, channels = std::min(nr, s.group_co - column);
    const size_t first = i / p.panels_per_group * s.group_co + column;
    uint32_t* const panel = &p.panels[i * panel_words];
    if (channels < nr) std::memset(panel, 0, panel_words * sizeof(uint32_t));
    for (size_t c = 0; c < channels; ++c) {
      const float* filter = w + (first + c) * s.k;
      pack_filter(kernels, runs, filter, panel + c, nr);
      p.alpha[i * nr + c] = static_cast<float>(mean_magnitude(filter, s.k));
    }
  });
  return p;
}

class XnorConvolution : public PackedConvolution {
 public:
  XnorConvolution(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* w, const Epilogue& epilogue)
      : kernels_(kernels),
        shape_(s),
        tiles_(choose_tiles(kernels.xnor.tiles, s.n * s.ho * s.wo, s.group_co)),
        runs_(shape_, kernels.xnor.signs_per_word),
        filters_(pack_filters(kernels.xnor, pool, runs_, w, tiles_.nr)),
        bias_({epilogue.bias, nullptr, nullptr, {}}, {s.groups, s.group_co}, filters_.panels_per_group * tiles_.nr),
        epilogue_({nullptr, epilogue.scale, epilogue.shift, epilogue.activation}, {s.groups, s.group_co}),
        word_offsets_(runs_.window_words()),
        bit_words_(divide_up(band_columns(s) * s.ci + 31, 32) + 1) {
    if (!ok()) return;
    for (size_t p = 0; p < runs_.window_words(); ++p) word_offsets_[p] = runs_.offset(p);
  }
  bool ok() const { return filters_.ok() && bias_.ok() && epilogue_.ok() && word_offsets_.ok(); }
  size_t bytes() const override {
    return filters_.panels.bytes() + filters_.alpha.bytes() + bias_.bytes() + epilogue_.bytes() + word_offsets_.bytes();
  }

  Status run(const ConvolutionRun& r) const override {
    const ConvShape s = with_images(shape_, r.n);
    const TaskGrid grid = cut_into_tasks(s, r.pool.threads());
    return run_tasks(r.pool, s, grid, [&](const Task& task) { return run_task(s, grid, r, task); });
  }

 private:
  // One padded row of the band; `row` is the image's, null where the row is padding. `bits` is working memory.
  void pack_row(const float* row, uint32_t* bits, uint32_t* out) const {
    const ConvShape& s = shape_;
    if (!row) {
      std::memset(out, 0, runs_.row_words() * sizeof(uint32_t));
      return;
    }
    const ImageColumns inside(s);
    // The image's first column falls on a word, wherever that puts the row's.
    const size_t border = inside.left * s.ci, start = (32 - border % 32) % 32;
    const size_t image_elems = (inside.right - inside.left) * s.ci;
    const bool straight = runs_.bits_are_words();
    uint32_t* const to = straight ? out : bits;
    std::memset(to, 0, (straight ? runs_.row_words() : bit_words_) * sizeof(uint32_t));
    kernels_.xnor.pack_signs(image_elems, row, to + (start + border) / 32);
    if (straight) return;
    if (runs_.signs_per_word == 32) cut_row<32>(bits, start, out);
    else cut_row<16>(bits, start, out);
  }
  template <size_t kSignsPerWord>
  void cut_row(const uint32_t* bits, size_t start, uint32_t* out) const {
    const ConvShape& s = shape_;
    const size_t places = runs_.places(), step = runs_.place_columns() * s.ci, groups = s.groups, elems = runs_.elems, words = runs_.words;
    for (size_t place = 0; place < places; ++place)
      for (size_t g = 0; g < groups; ++g, out += words) cut<kSignsPerWord>(bits, start + place * step + g * s.group_ci, elems, out, 1);
  }

  // First words of the windows of all the task's pixels; the last one again for tiles that reach beyond. Returns the number of pixels.
  size_t list_origins(const Task& task, const uint32_t* band, size_t group, const uint32_t** origins) const {
    const ConvShape& s = shape_;
    const size_t rows = band_rows(s, task.rows), step = s.sw / runs_.place_columns() * runs_.place_words();
    const uint32_t** origin = origins;
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = 0; row < task.rows; ++row) {
        const uint32_t* first = band + (i * rows + row * s.sh) * runs_.row_words() + group * runs_.words;
        for (size_t column = 0; column < s.wo; ++column) *origin++ = first + column * step;
      }
    std::fill(origin, origin + tiles_.tallest(), origin[-1]);
    return static_cast<size_t>(origin - origins);
  }

  bool run_task(const ConvShape& s, const TaskGrid& grid, const ConvolutionRun& r, const Task& task) const {
    const size_t rows = band_rows(s, task.rows), band_words = task.images * rows * runs_.row_words(), nr = tiles_.nr;
    const size_t pointers = grid.images_per_task * grid.rows_per_task * s.wo + tiles_.tallest();
    ScratchLayout layout;
    const auto origin_slot = layout.add<const uint32_t*>(pointers);
    const auto band_slot = layout.add<uint32_t>(band_words);
    const auto bit_slot = layout.add<uint32_t>(bit_words_);
    const Scratch scratch(layout);
    if (!scratch) return false;
    const uint32_t** const origins = scratch[origin_slot];
    uint32_t* const band = scratch[band_slot];
    for (size_t i = 0; i < task.images; ++i)
      for (size_t row = 0; row < rows; ++row)
        pack_row(image_row(s, task, r.x, i, row), scratch[bit_slot], band + (i * rows + row) * runs_.row_words());

    const size_t output = (task.image * s.ho + task.row) * s.wo * s.co;
    for (size_t g = 0; g < s.groups; ++g) {
      const size_t pixels = list_origins(task, band, g, origins);
      for (size_t q = 0; q < filters_.panels_per_group; ++q) {
        const size_t panel = g * filters_.panels_per_group + q;
        XnorTileArgs args = {};
        args.columns = std::min(nr, s.group_co - q * nr);
        args.words = runs_.window_words();
        args.word_offsets = word_offsets_.data();
        args.panel = &filters_.panels[panel * args.words * nr];
        args.k = static_cast<int32_t>(s.k);
        args.alpha = &filters_.alpha[panel * nr];
        args.bias = bias_.bias(panel * nr);
        args.y = r.y + output + g * s.group_co + q * nr;
        args.y_stride = s.co;
        for (size_t pixel = 0; pixel < pixels; pixel += args.rows) {
          const XnorTile& tile = tiles_.fitting(pixels - pixel);
          args.rows = std::min(static_cast<size_t>(tile.mr), pixels - pixel);
          args.row_pointers = origins + pixel;
          tile.run(args);
          args.y += args.rows * s.co;
        }
      }
    }
    epilogue_.finish(kernels_, task.images * task.rows * s.wo, s.co, r.residual ? r.residual + output : nullptr, r.y + output);
    return true;
  }

  const KernelTable& kernels_;
  const ConvShape shape_;
  const TileColumnOf<XnorTile> tiles_;
  const SignRuns runs_;
  const PackedSigns filters_;
  const PackedEpilogue bias_;  // [groups][panels][nr], for the tiles
  const SeparateEpilogue epilogue_;
  AlignedBuffer<size_t> word_offsets_;  // [window words]
  const size_t bit_words_;              // of a padded row, its start shifted by up to 31, and a word to read beyond
};
}  // namespace

std::unique_ptr<PackedConvolution> pack_xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* w,
                                                    const Epilogue& epilogue) {
  return packed<XnorConvolution>(kernels, pool, s, w, epilogue);
}

Status xnor_conv2d(const KernelTable& kernels, ThreadPool& pool, const ConvShape& s, const float* x, const float* w, const float* bias,
                   float* y) {
  if (s.k > kMostSigns) return Status::kShape;
  const auto packed = pack_xnor_conv2d(kernels, pool, s, w, {bias, nullptr, nullptr, {}});
  return packed ? packed->run({pool, s.n, x, nullptr, y}) : Status::kMemory;
}
