// Random bytes through a fuzz target that takes any, where libFuzzer is not linked in.
//   tempera_TARGET_random [COUNT [SEED]]      the seed of an input that fails is printed last
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2000;
  const unsigned long first = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  for (unsigned long seed = first; seed < first + count; ++seed) {
    // Named before it runs: a crash then points at its input.
    std::printf("seed %lu\n", seed);
    std::fflush(stdout);
    std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
    std::vector<uint8_t> bytes(64 + random() % 2048);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%lu inputs\n", count);
  return 0;
}
