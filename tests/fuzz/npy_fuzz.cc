// A hostile .npy: read, or refused in one line; what was read is the same after it was written and read
// again.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cli/npy.h"

namespace {

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "npy_fuzz: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tempera::Result;
  using tempera::Tensor;
  const Result<Tensor> tensor = tempera::cli::ParseNpy({data, size});
  if (!tensor.ok()) {
    Check(!tensor.status().message().empty(), "refused without a word");
    return 0;
  }
  Check(tensor->size_bytes() <= size, "more numbers than bytes");
  const Result<std::string> text = tempera::cli::FormatNpy(*tensor);
  Check(text.ok(), "read, but not written");
  const Result<Tensor> again =
      tempera::cli::ParseNpy({reinterpret_cast<const uint8_t*>(text->data()), text->size()});
  Check(again.ok() && again->shape() == tensor->shape() && again->dtype() == tensor->dtype(),
        "another tensor after writing");
  Check(again->size_bytes() == tensor->size_bytes() &&
            (again->size_bytes() == 0 || std::memcmp(again->raw(), tensor->raw(), tensor->size_bytes()) == 0),
        "other numbers after writing");
  return 0;
}
