// What the makers of seeds share: words for libFuzzer's dictionary, and what their command lines are.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace tempera {

// A word a line, in quotes; bytes are written as \x00.
inline bool SaveWords(const std::filesystem::path& path, const std::vector<std::string_view>& words) {
  std::ofstream out(path);
  for (const std::string_view word : words) out << '"' << word << "\"\n";
  return out.good();
}

// FOLDER [DICTIONARY]: the folder is made, and both are written. Returns main's.
template <typename SaveSeeds>
int MakeSeeds(int argc, char** argv, const SaveSeeds& save_seeds,
              const std::vector<std::string_view>& words) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [DICTIONARY]\n", argv[0]);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return save_seeds(folder) && (argc < 3 || SaveWords(argv[2], words)) ? 0 : 1;
}

}  // namespace tempera
