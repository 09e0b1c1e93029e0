// Writes mask networks whose masks are known, for the plugins' tests.
//   tempera_plugin_mask_models FOLDER
// person.onnx: one class, person, which is where the picture is bright. two.onnx: the classes bright and
// dark; the second is its own. street.onnx: eleven classes of a street, each where the picture has its
// brightness. room.onnx: the background, a class, one without a name, and that class once more.
#include <cstdio>
#include <string>
#include <vector>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace {

using tempera::onnx::ModelBuilder;

// Shares that go from 0 to 1 where the mean of red, green and blue goes from 0.4 to 0.6: up in the first
// channel, down in the second.
bool Write(const std::string& path, int channels, const std::string& classes) {
  constexpr float kThird = 5.0f / 3;
  const std::vector<float> rows = {kThird, kThird, kThird, -kThird, -kThird, -kThird}, bias = {-2, 3};
  ModelBuilder m(13);
  m.Input("input", {1, 3, -1, -1});
  m.Metadata("tempera.value_range", "0..1");
  m.Metadata("tempera.size_multiple", "1");
  m.Metadata("tempera.mask.classes", classes);
  const std::string slope =
      m.Node("Conv", {"input", m.Floats({channels, 3, 1, 1}, {rows.begin(), rows.begin() + 3 * channels}),
                      m.Floats({channels}, {bias.begin(), bias.begin() + channels})});
  m.NamedNode("output", "Clip", {slope, m.Floats({}, {0}), m.Floats({}, {1})});
  m.Output("output");
  const tempera::Status status = tempera::onnx::WriteModelFile(m.model(), path);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok();
}

// Class i wins where the mean of red, green and blue is nearest to (i + 0.2) / 12: of the squares of those
// distances what differs from class to class is linear in the picture.
bool WriteLevels(const std::string& path, int channels, const std::string& classes) {
  constexpr float kSharpness = 4000;
  std::vector<float> rows, bias;
  for (int i = 0; i < channels; ++i) {
    const float level = (static_cast<float>(i) + 0.2f) / 12;
    rows.insert(rows.end(), 3, kSharpness * 2 * level / 3);
    bias.push_back(-kSharpness * level * level);
  }
  ModelBuilder m(13);
  m.Input("input", {1, 3, -1, -1});
  m.Metadata("tempera.value_range", "0..1");
  m.Metadata("tempera.size_multiple", "1");
  m.Metadata("tempera.mask.classes", classes);
  m.Metadata("tempera.mask.values", "logits");
  m.NamedNode("output", "Conv", {"input", m.Floats({channels, 3, 1, 1}, rows), m.Floats({channels}, bias)});
  m.Output("output");
  const tempera::Status status = tempera::onnx::WriteModelFile(m.model(), path);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  const bool written =
      Write(folder + "/person.onnx", 1, "person") && Write(folder + "/two.onnx", 2, "bright, dark") &&
      WriteLevels(folder + "/street.onnx", 11,
                  "sky, building, pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist") &&
      WriteLevels(folder + "/room.onnx", 4, "background, dining table, , dining table");
  return written ? 0 : 1;
}
