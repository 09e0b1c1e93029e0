// Hostile weights for tempera-train features: what torch.save writes (its zip archives, chains and pickles).
// Built with the trainer's data room, without libtorch.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "train/features/pickle.h"
#include "train/features/torch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  size_t at = 0;
  const auto pickle = tempera::train::ReadPickle(bytes, &at);
  if (at > size) std::abort();  // never behind what is there
  if (pickle.ok() && pickle->root < 0) std::abort();
  std::vector<std::string> names;
  const auto file = tempera::train::ParseTorchFile(bytes, [](const std::string&) { return true; }, &names);
  if (!file.ok() && file.status().message().empty()) std::abort();
  return 0;
}
