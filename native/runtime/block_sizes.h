// Every size that keeps work within a cache or gives threads enough to do. Most decide speed alone. Those that decide where a float sum is
// cut, and so its last bits, say so.
#pragma once
#include <cstddef>

// The smallest caches of the CPUs in use.
constexpr size_t kL1Bytes = 32 << 10, kL2Bytes = 512 << 10;

// Matrix products. 640 elements of k of the widest panel (64 floats) are 160 kB, which stay in the second-level cache; the 576 of a 3x3
// window over 64 channels go in one block. It decides where sums are cut.
constexpr size_t kMaxBlockElems = 640;
// Sums of one panel that wait for being rescaled leave most of the first-level cache to the tiles, and to what is made of them.
constexpr size_t kSumBytes = kL1Bytes / 4;

// Tasks of a convolution. A task's input strip leaves most of the second-level cache to panels and outputs. For filter gradients, which add
// up tasks, this and the next two decide where sums are cut.
constexpr size_t kStripBytes = kL2Bytes / 4;
// With fewer pixels than this, tiles are cut short; small images are cut finer rather than leave threads idle.
constexpr size_t kMinPixels = 64, kMinPixelsOfSmallImages = 16;

// Winograd layers. What a block of tiles is transformed to leaves half of the second-level cache to panels. For filter gradients it decides
// where sums are cut.
constexpr size_t kWinogradBlockBytes = kL2Bytes / 2, kMinWinogradBlock = 16;

// Filter gradients add up pixels in chunks. All four decide where sums are cut.
constexpr size_t kMaxFilterChunks = 16;
constexpr size_t kMaxFilterChunkBytes = 64 << 20;  // the gradients of all chunks together
constexpr size_t kFilterBlockPixels = 128;         // pixels of one tile's sum: the panel stays in the first-level cache
constexpr size_t kFilterGridThreads = 4;           // tasks are cut as for this many threads, whatever there are

// Sums over the rows of [rows][channels]. Both decide where sums are cut.
constexpr size_t kChunkRows = 128;   // batch norm sums so many in float32
constexpr size_t kChunkWidth = 128;  // few channels are folded to so many columns, so that vectors are full and additions independent

// Passes over whole tensors. 128 kB of floats take a few tens of microseconds, which is worth waking a thread. For norms it
// decides where sums are cut.
constexpr size_t kChunkElems = 32 << 10;
constexpr size_t kPoolTaskElems = 64 << 10;         // inputs of the windows: each costs an addition or a comparison
constexpr size_t kCrossEntropyTaskElems = 2 << 10;  // logits: each costs two exponentials

// Plans. The images of a slice keep their values in the second-level cache of the one thread that computes them, which saves 3 to 6 %.
constexpr size_t kMaxSliceBytes = kL2Bytes;
// Larger images are not sliced: one arena for each thread would take too much memory.
constexpr size_t kMaxSlicedImageBytes = 8 << 20;
// Where all threads compute the same layer, this much has enough tasks for them.
constexpr size_t kMaxPartBytes = 16 << 20;

// Scratch memory of a thread. Only paddings far beyond any image ask for more than the maximum; a block larger than what is kept serves one
// task and is freed with the next request.
constexpr size_t kMaxScratchBytes = 1 << 30, kKeptScratchBytes = 16 << 20;
