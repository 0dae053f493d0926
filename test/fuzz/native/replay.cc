// A fuzzer without libFuzzer, for any compiler and CPU: gives it the files of a folder and then random bytes.
//   replay_FUZZER FOLDER CASES SEED
// Names each input before it is given: where one ends the process, it is the last.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "expected FOLDER CASES SEED\n"), 2;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::fprintf(stderr, "%s\n", entry.path().string().c_str());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  const uint32_t cases = std::strtoul(argv[2], nullptr, 10), seed = std::strtoul(argv[3], nullptr, 10);
  for (uint32_t i = 0; i < cases; ++i) {
    std::fprintf(stderr, "case %u of seed %u\n", i, seed);
    std::seed_seq key = {seed, i};
    std::mt19937 random(key);
    std::vector<uint8_t> bytes(random() % 97);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
}
