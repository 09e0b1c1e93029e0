// Feeds files through the fuzz target once, where libFuzzer is not linked in.
//   tempera_fuzz_replay [.EXTENSION...] FOLDER...
// Folders are searched for files of these extensions, .onnx and .dice where none is given; a missing one is
// no error.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  int replayed = 0, first = 1;
  std::set<std::string> extensions;
  while (first < argc && argv[first][0] == '.' && argv[first][1] != '/') extensions.insert(argv[first++]);
  if (extensions.empty()) extensions = {".onnx", ".dice"};
  for (int i = first; i < argc; ++i) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i], error)) {
      if (!extensions.count(entry.path().extension().string())) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
      // Named before it runs: a crash then points at its file.
      std::printf("%s\n", entry.path().c_str());
      std::fflush(stdout);
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      ++replayed;
    }
  }
  std::printf("%d inputs replayed\n", replayed);
  return replayed > 0 ? 0 : 1;
}
