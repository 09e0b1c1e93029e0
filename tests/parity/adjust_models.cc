// A painter of many styles whose graph has keep_colors, brightness and contrast (src/onnx/adjust_tail.h), for
// adjust.mjs.
//   tempera_adjust_models OUT.onnx OPEN.onnx [IN.onnx]
// OUT.onnx has its defaults as initializers, as the trainer writes it; OPEN.onnx has none, so that ONNX
// Runtime's JavaScript takes values for them. Of a random network, or of IN.onnx, which has no such
// parameters yet.
#include <algorithm>
#include <cstdio>
#include <string>

#include "src/onnx/adjust_tail.h"
#include "src/onnx/many_styles.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/reader.h"
#include "src/onnx/writer.h"

namespace tempera {
namespace {

// Its painting goes beyond black and white.
Result<onnx::Model> Painter(bool initializers) {
  using onnx::ModelBuilder;
  ModelBuilder m(13, 7);
  std::string x = m.Input("input", {1, 3, -1, -1});
  x = m.Node("Relu", {m.PaddedConv(x, 3, 8, 3, 1, 1, true)});
  x = m.Node("Pad", {x, m.Int64s({0, 0, 1, 1, 0, 0, 1, 1})}, {ModelBuilder::Text("mode", "reflect")});
  m.NamedNode("output", "Conv", {x, m.Random({3, 8, 3, 3}, -35, 35), m.Floats({3}, {120, 130, 110})});
  m.graph().outputs.push_back({"output", DataType::kFloat32, true, m.graph().inputs[0].shape});
  m.Metadata("tempera.value_range", "0..255");
  if (!onnx::MakeManyStyles(&m.model(), {.styles = 3, .initializers = initializers}))
    return Internal("the network has no norm");
  return m.model();
}

Status Write(const char* in, bool initializers, const char* path) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model,
                           in != nullptr ? onnx::ReadModelFile(in) : Painter(initializers));
  const auto& inputs = model.graph.inputs;
  if (std::any_of(inputs.begin(), inputs.end(), [](const auto& i) { return i.name == "keep_colors"; }))
    return InvalidArgument(std::string(in) + " has an input keep_colors already");
  TEMPERA_RETURN_IF_ERROR(onnx::AddAdjustTail(&model, initializers));
  return onnx::WriteModelFile(model, path);
}

int Main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: tempera_adjust_models OUT.onnx OPEN.onnx [IN.onnx]\n");
    return 2;
  }
  for (const bool initializers : {true, false}) {
    const Status status = Write(argc > 3 ? argv[3] : nullptr, initializers, argv[initializers ? 1 : 2]);
    if (status.ok()) continue;
    std::fprintf(stderr, "tempera_adjust_models: %s\n", status.message().c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) { return tempera::Main(argc, argv); }
