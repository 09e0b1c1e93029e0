// Writes a model of one 1x1 convolution that gives a picture's negative: a style known to the bit.
//   tempera_tiny_model OUT.onnx [OUTPUT_NAME]
//   tempera_tiny_model --colours OUT.onnx         three styles, red, green-field and blue, each that colour
//   alone tempera_tiny_model --own-keep-colors OUT.onnx     the same, times a keep_colors of its own
//   tempera_tiny_model --strokes OUT.onnx [PERIODS]     grey of stroke_size, which has these periods
//   tempera_tiny_model --expect IN.ppm OUT.ppm     what the first model must paint
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace {

int WriteNegative(const std::string& path, const std::string& output_name) {
  using namespace tempera;
  onnx::Model model;
  model.producer_name = "tempera tests";
  model.metadata_props = {{"tempera.style", "negative"}};
  onnx::ValueInfo picture;
  picture.dtype = DataType::kFloat32;
  picture.has_shape = true;
  picture.shape = {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}};
  picture.name = "input";
  model.graph.inputs.push_back(picture);
  picture.name = output_name;
  model.graph.outputs.push_back(picture);

  Tensor weight = *Tensor::Create(DataType::kFloat32, {3, 3, 1, 1});
  Tensor bias = *Tensor::Create(DataType::kFloat32, {3});
  for (int i = 0; i < 3; ++i) {
    weight.data<float>()[4 * i] = -1;
    bias.data<float>()[i] = 255;
  }
  model.graph.initializers.push_back({"weight", weight});
  model.graph.initializers.push_back({"bias", bias});
  onnx::Node conv;
  conv.name = "conv";
  conv.op_type = "Conv";
  conv.inputs = {"input", "weight", "bias"};
  conv.outputs = {output_name};
  model.graph.nodes.push_back(conv);
  const Status status = onnx::WriteModelFile(model, path);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}

// Whatever the picture: the blend of the styles' colours.
int WriteColours(const std::string& path, bool own_keep_colors) {
  using namespace tempera;
  onnx::ModelBuilder m(13);
  m.Input("input", {1, 3, -1, -1});
  m.Input("mix", {3});
  m.Constant("mix", {3}, std::vector<float>{1, 0, 0});
  m.Metadata("tempera.param.mix",
             "kind = weights; elements = Red | Green Field | Blue; line = How much of each");
  m.Metadata("tempera.styles", "red | green-field | blue");
  m.Metadata("tempera.artist", "Nobody");
  const std::string row = m.Node("Reshape", {"mix", m.Int64s({1, 3})}),
                    colour = m.Node("MatMul", {row, m.Floats({3, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255})}),
                    nothing = m.Node("Conv", {"input", m.Floats({3, 3, 1, 1}, std::vector<float>(9, 0))});
  std::string painting = m.Node("Add", {nothing, m.Node("Reshape", {colour, m.Int64s({1, 3, 1, 1})})});
  if (own_keep_colors) {
    painting = m.Node("Mul", {painting, m.Input("keep_colors", {1})});
    m.Metadata("tempera.param.keep_colors", "range = 0.25..1; default = 1");
  }
  m.NamedNode("output", "Identity", {painting});
  m.Output("output");
  const Status status = onnx::WriteModelFile(m.model(), path);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}

// Whatever the picture: black for fine strokes, white for bold ones.
int WriteStrokes(const std::string& path, const std::string& periods) {
  using namespace tempera;
  onnx::ModelBuilder m(13);
  m.Input("input", {1, 3, -1, -1});
  m.Input("stroke_size", {1});
  m.Constant("stroke_size", {1}, std::vector<float>{1});
  m.Metadata("tempera.param.stroke_size", "range = 0..1");
  if (!periods.empty()) m.Metadata("tempera.stroke_period", periods);
  const std::string nothing = m.Node("Conv", {"input", m.Floats({3, 3, 1, 1}, std::vector<float>(9, 0))});
  m.NamedNode("output", "Add", {nothing, m.Node("Mul", {"stroke_size", m.Floats({1}, {255})})});
  m.Output("output");
  const Status status = onnx::WriteModelFile(m.model(), path);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}

int WriteExpected(const char* in, const char* out) {
  std::ifstream file(in, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t header = bytes.find("255\n") + 4;
  for (size_t i = header; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(255 - static_cast<unsigned char>(bytes[i]));
  std::ofstream(out, std::ios::binary) << bytes;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return WriteNegative(argv[1], "output");
  if (argc == 4 && std::strcmp(argv[1], "--expect") == 0) return WriteExpected(argv[2], argv[3]);
  if (argc == 3 && std::strcmp(argv[1], "--colours") == 0) return WriteColours(argv[2], false);
  if (argc == 3 && std::strcmp(argv[1], "--own-keep-colors") == 0) return WriteColours(argv[2], true);
  if (argc >= 3 && std::strcmp(argv[1], "--strokes") == 0)
    return WriteStrokes(argv[2], argc > 3 ? argv[3] : "");
  if (argc == 3) return WriteNegative(argv[1], argv[2]);
  return 2;
}
