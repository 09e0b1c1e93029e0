#include "train/segment/segment_words.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace tempera::train {

Status TakeClasses(const std::string& text, std::vector<std::string>* classes) {
  std::error_code error;
  std::string names = text;
  if (std::filesystem::is_regular_file(text, error)) {
    std::ifstream file(text);
    names.clear();
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) names += (names.empty() ? "" : ",") + line;
    }
  }
  size_t begin = 0;
  while (begin <= names.size()) {
    const size_t end = std::min(names.find(',', begin), names.size());
    if (end > begin) classes->push_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  if (classes->empty() || classes->size() > 254)
    return InvalidArgument("--classes '" + text +
                           "' names no class: give person, a list with commas, or a file of names");
  return OkStatus();
}

Status TakeFolders(const std::vector<std::string>& images, const std::vector<std::string>& masks,
                   std::vector<MaskFolders>* folders) {
  if (images.size() != masks.size())
    return InvalidArgument("give a folder of --masks for each of the " + std::to_string(images.size()) +
                           " folders of --images, in the same order");
  for (size_t i = 0; i < images.size(); ++i) {
    MaskFolders f;
    f.images = images[i];
    f.masks = masks[i];
    const size_t colon = f.masks.rfind(':');
    std::error_code error;
    if (colon != std::string::npos && !std::filesystem::exists(f.masks, error)) {
      int value = -1;
      char rest = 0;
      if (std::sscanf(f.masks.c_str() + colon + 1, "%d%c", &value, &rest) != 1 || value < 0 || value > 255)
        return InvalidArgument("--masks '" + f.masks +
                               "': behind the colon stands the class's number in those maps");
      f.value = value;
      f.masks.resize(colon);
    }
    folders->push_back(f);
  }
  return OkStatus();
}

}  // namespace tempera::train
