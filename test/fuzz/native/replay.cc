// A fuzzer without libFuzzer, for any compiler and CPU: gives it files and then random bytes.
//   replay_FUZZER CASES SEED FILE...
// Names each input before it is given: where one ends the process, it is the last.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {
std::vector<uint8_t> read_file(const char* path) {
  std::FILE* const file = std::fopen(path, "rb");
  if (!file) std::perror(path), std::exit(2);
  std::vector<uint8_t> bytes;
  for (int byte; (byte = std::fgetc(file)) != EOF;) bytes.push_back(static_cast<uint8_t>(byte));
  std::fclose(file);
  return bytes;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "expected CASES SEED FILE...\n"), 2;
  for (int i = 3; i < argc; ++i) {
    std::fprintf(stderr, "%s\n", argv[i]);
    const std::vector<uint8_t> bytes = read_file(argv[i]);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  const uint32_t cases = std::strtoul(argv[1], nullptr, 10), seed = std::strtoul(argv[2], nullptr, 10);
  for (uint32_t i = 0; i < cases; ++i) {
    std::fprintf(stderr, "case %u of seed %u\n", i, seed);
    std::seed_seq key = {seed, i};
    std::mt19937 random(key);
    std::vector<uint8_t> bytes(random() % 97);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
}
