// addernet_core_test [--seed N] [part of a name]: runs the tests whose names have this part, all of them without one, and prints TAP.
// addernet_core_test --list-tiles: prints a line for each tile that was compiled in, for tests of the disassembly.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "check.h"
#include "cpu/tiles.h"

namespace {
struct Entry {
  const char* name;
  void (*run)(Test&);
};

std::vector<Entry>& entries() {
  static std::vector<Entry> all;
  return all;
}

uint32_t hash(const char* text) {
  uint32_t h = 2166136261u;  // FNV-1a
  for (; *text; ++text) h = (h ^ static_cast<unsigned char>(*text)) * 16777619u;
  return h;
}
int print_tiles() {
  for (const TileEntry& tile : list_tiles())
    std::printf("%s\t%s\t%s\t%d\t%d\t%d\n", tile.kernels, tile.family, tile.symbol.c_str(), tile.mr, tile.nr, tile.vectors);
  return 0;
}
}  // namespace

Registration::Registration(const char* name, void (*run)(Test&)) { entries().push_back({name, run}); }

void Test::check(bool holds, const char* expression, const char* file, int line) {
  if (holds) return;
  if (++failures <= 10) std::printf("# %s:%d: %s\n", file, line, expression);
}

int main(int argc, char** argv) {
  uint32_t seed = 1;
  const char* part = "";
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--list-tiles") == 0) return print_tiles();
    if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) seed = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    else part = argv[i];
  }
  std::printf("TAP version 14\n# seed %u\n", static_cast<unsigned>(seed));
  int count = 0, failed = 0;
  for (const Entry& entry : entries()) {
    if (!std::strstr(entry.name, part)) continue;
    Test test;
    test.random.seed(seed ^ hash(entry.name));
    entry.run(test);
    failed += test.failures > 0;
    std::printf("%sok %d - %s\n", test.failures > 0 ? "not " : "", ++count, entry.name);
    std::fflush(stdout);
  }
  std::printf("1..%d\n", count);
  return count == 0 || failed > 0;
}
