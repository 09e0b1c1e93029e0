// The styles that the plugin test finds in its folder:
//   tempera_plugin_models FOLDER
// blend.onnx   two styles as one, by weights that scale and shift an instance norm
// state.onnx   half the picture, half the painting before
// fade.onnx    a strength of its own, 0..2: x + 20 * strength
// broken.onnx  no model
#include <cstdio>
#include <fstream>
#include <string>

#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

// Conditional instance norm: scale and shift of every channel come from the blend.
TestModel Blend() {
  TestModel m;
  m.Input("blend", {1, 2});
  m.Constant("one", {3}, {1, 1, 1}).Constant("zero", {3}, {0, 0, 0}).Constant("column", {1, 3, 1, 1});
  m.Constant("gammas", {2, 3}, {40, 40, 40, -20, -20, -20});
  m.Constant("betas", {2, 3}, {90, 90, 90, 160, 160, 160});
  m.Node("MatMul", {"blend", "gammas"}, "gamma_row").Node("Reshape", {"gamma_row", "column"}, "gamma");
  m.Node("MatMul", {"blend", "betas"}, "beta_row").Node("Reshape", {"beta_row", "column"}, "beta");
  m.Node("InstanceNormalization", {"input", "one", "zero"}, "normal");
  m.Node("Mul", {"normal", "gamma"}, "scaled").Node("Add", {"scaled", "beta"}, "output");
  m.Metadata("tempera.title", "Two in One").Metadata("tempera.thumbnail", "/9j/4AA=");
  m.Metadata("tempera.param.blend",
             "kind = weights; elements = Light | Dark; line = How much of each of the two styles");
  return m;
}

TestModel State() {
  TestModel m;
  m.Input("before", {1, 3, -1, -1});
  m.Constant("half", {1}, {0.5f});
  m.Node("Add", {"input", "before"}, "sum").Node("Mul", {"sum", "half"}, "output");
  m.Metadata("tempera.state.output", "before");
  return m;
}

TestModel Fade() {
  TestModel m;
  m.Input("strength", {1});
  m.Constant("twenty", {1}, {20});
  m.Node("Mul", {"strength", "twenty"}, "shift").Node("Add", {"input", "shift"}, "output");
  m.Metadata("tempera.param.strength", "range = 0..2; default = 1; line = How much lighter");
  return m;
}

bool Write(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  return static_cast<bool>(file.flush());
}

}  // namespace
}  // namespace tempera::stylize

int main(int argc, char** argv) {
  using namespace tempera::stylize;
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  const bool written =
      Write(folder + "/blend.onnx", Blend().Bytes()) && Write(folder + "/state.onnx", State().Bytes()) &&
      Write(folder + "/fade.onnx", Fade().Bytes()) && Write(folder + "/fade.jpg", "\xFF\xD8\xFF") &&
      Write(folder + "/broken.onnx", "no model");
  if (!written) std::fprintf(stderr, "plugin_models: cannot write into %s\n", folder.c_str());
  return written ? 0 : 1;
}
