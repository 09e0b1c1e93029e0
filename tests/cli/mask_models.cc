// Writes mask networks that tell colours apart, so that what they find is known.
//   tempera_mask_models FOLDER
// red.onnx: one channel, where the picture is red. colours.onnx: the classes none, red, green and blue.
// nothing.onnx: one channel that finds nothing. guessed.onnx: one that does not say what its numbers are.
#include <cstdio>
#include <string>
#include <vector>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace {

using tempera::onnx::ModelBuilder;

// Channels of `rows` of three weights over red, green and blue of 0..1, and a bias each.
std::string Conv(ModelBuilder* m, const std::vector<float>& rows, const std::vector<float>& bias) {
  const auto channels = static_cast<int64_t>(bias.size());
  return m->Node("Conv", {"input", m->Floats({channels, 3, 1, 1}, rows), m->Floats({channels}, bias)});
}

bool Write(const ModelBuilder& m, const std::string& path) {
  const tempera::Status status = tempera::onnx::WriteModelFile(m.model(), path);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok();
}

ModelBuilder Begin() {
  ModelBuilder m(13);
  m.Input("input", {1, 3, -1, -1});
  m.Metadata("tempera.value_range", "0..1");
  m.Metadata("tempera.size_multiple", "1");
  return m;
}

// 1 where red is at least 0.6 above the others' mean, 0 up to 0.4.
bool WriteRed(const std::string& path, float scale) {
  ModelBuilder m = Begin();
  const std::string x = Conv(&m, {5 * scale, -2.5f * scale, -2.5f * scale}, {-2 * scale});
  m.NamedNode("output", "Clip", {x, m.Floats({}, {0}), m.Floats({}, {1})});
  m.Output("output");
  m.Metadata("tempera.mask.classes", "red");
  return Write(m, path);
}

bool WriteColours(const std::string& path) {
  ModelBuilder m = Begin();
  constexpr float k = 60;
  const std::string x = Conv(&m, {0, 0, 0, k, -k, -k, -k, k, -k, -k, -k, k}, {0, -k / 2, -k / 2, -k / 2});
  m.NamedNode("output", "Softmax", {x}, {ModelBuilder::Int("axis", 1)});
  m.Output("output");
  m.Metadata("tempera.mask.classes", "none, red, green, blue");
  return Write(m, path);
}

// What its numbers are has to be guessed, which a note says.
bool WriteGuessed(const std::string& path) {
  ModelBuilder m = Begin();
  m.NamedNode("output", "Abs", {Conv(&m, {1, 0, 0}, {0})});
  m.Output("output");
  return Write(m, path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  return WriteRed(folder + "/red.onnx", 1) && WriteRed(folder + "/nothing.onnx", 0) &&
                 WriteColours(folder + "/colours.onnx") && WriteGuessed(folder + "/guessed.onnx")
             ? 0
             : 1;
}
