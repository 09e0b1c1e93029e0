// Makes a network of many styles of one, with random rows, as the trainer writes such files.
//   bench_many_styles IN.onnx OUT.onnx [STYLES] [split] [required] [constant W0,W1,.. STRENGTH STROKE]
// required: inputs without defaults. constant: the same network at that setting, without parameters.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "src/onnx/many_styles.h"
#include "src/onnx/reader.h"
#include "src/onnx/writer.h"

int main(int argc, char** argv) {
  using namespace tempera;
  if (argc < 3) {
    std::fprintf(
        stderr,
        "usage: bench_many_styles IN.onnx OUT.onnx [STYLES] [split] [constant W0,W1,.. STRENGTH STROKE]\n");
    return 2;
  }
  onnx::ManyStyles how;
  onnx::StyleSetting at;
  for (int i = 3; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "split") {
      how.one_table = true;
    } else if (word == "required") {
      how.initializers = false;
    } else if (word == "constant" && i + 3 < argc) {
      for (char* p = argv[i + 1]; *p != '\0';) {
        at.weights.push_back(std::strtof(p, &p));
        if (*p == ',')
          ++p;
        else
          break;
      }
      at.strength = std::strtof(argv[i + 2], nullptr);
      at.stroke_size = std::strtof(argv[i + 3], nullptr);
      how.at = &at;
      i += 3;
    } else {
      how.styles = std::atoi(argv[i]);
    }
  }
  auto model = onnx::ReadModelFile(argv[1]);
  if (!model.ok() || how.styles < 1) {
    std::fprintf(stderr, "%s\n", model.ok() ? "no styles" : model.status().message().c_str());
    return 1;
  }
  if (!onnx::MakeManyStyles(&*model, how)) {
    std::fprintf(stderr, "%s has no instance norm\n", argv[1]);
    return 1;
  }
  const Status written = onnx::WriteModelFile(*model, argv[2]);
  if (!written.ok()) std::fprintf(stderr, "%s\n", written.message().c_str());
  return written.ok() ? 0 : 1;
}
