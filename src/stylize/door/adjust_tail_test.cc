// Files that carry keep_colors, brightness and contrast in their own graph (src/onnx/adjust_tail.h): painted
// as files without are, where it is exactly that tail; run as they are written where it is anything else.
#include "src/onnx/adjust_tail.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "src/engine/run/load.h"
#include "src/engine/run/session.h"
#include "src/graph/rewrite.h"
#include "src/metadata/adjust_tail.h"
#include "src/onnx/many_styles.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"
#include "src/stylize/door/rgba_for_test.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

using Pixels = std::vector<uint8_t>;
using onnx::ModelBuilder;
constexpr int kWidth = 48, kHeight = 36;
constexpr size_t kPlane = size_t{kWidth} * kHeight;

// A painter of three styles, whose colours go beyond black and white. `tail`: with or without.
ModelBuilder Painter(bool tail, bool initializers = true) {
  ModelBuilder m(13, 7);
  std::string x = m.Input("input", {1, 3, -1, -1});
  x = m.Node("Relu", {m.PaddedConv(x, 3, 8, 3, 1, 1, true)});
  x = m.Node("Pad", {x, m.Int64s({0, 0, 1, 1, 0, 0, 1, 1})}, {ModelBuilder::Text("mode", "reflect")});
  m.NamedNode("output", "Conv", {x, m.Random({3, 8, 3, 3}, -35, 35), m.Floats({3}, {120, 130, 110})});
  m.Output("output");
  m.Metadata("tempera.value_range", "0..255");
  EXPECT_TRUE(onnx::MakeManyStyles(&m.model(), {.styles = 3, .initializers = initializers}));
  if (tail) EXPECT_TRUE(onnx::AddAdjustTail(&m.model(), initializers).ok());
  return m;
}

std::string Written(const ModelBuilder& m) { return onnx::WriteModel(m.model()).value(); }

tempera::Stylizer Opened(const std::string& bytes, tempera_precision precision = TEMPERA_PRECISION_FP32) {
  auto s = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), {.threads = 2, .precision = precision});
  EXPECT_TRUE(s) << s.error().message;
  return *std::move(s);
}

engine::ModelPtr Loaded(const std::string& bytes) {
  return *engine::LoadModelAt({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "model");
}

// What opening makes of a file: whether the tail is taken out.
bool IsTakenOut(const std::string& bytes) {
  engine::ModelPtr model = Loaded(bytes);
  const engine::ModelPtr before = model;
  metadata::ModelMetadata read = metadata::ReadModelMetadata(*model, "model").value();
  metadata::SettlePainting(*model, &read);
  metadata::TakeOutAdjustTail(&model, &read);
  return model != before;
}

struct Setting {
  float keep_colors = 0, brightness = 0, contrast = 1;
};
std::vector<Setting> Corners() {
  std::vector<Setting> all = {{}, {1, 0.3f, 0.7f}, {0, -0.2f, 1.4f}};
  for (const float keep : {0.0f, 1.0f}) {
    for (const float brightness : {-1.0f, 0.0f, 1.0f}) {
      for (const float contrast : {0.0f, 1.0f, 2.0f}) all.push_back({keep, brightness, contrast});
    }
  }
  return all;
}

void Turn(tempera::Stylizer& s, const Setting& at) {
  ASSERT_FALSE(s.SetParameter("keep_colors", at.keep_colors));
  ASSERT_FALSE(s.SetParameter("brightness", at.brightness));
  ASSERT_FALSE(s.SetParameter("contrast", at.contrast));
}

// Noise over slopes: every colour, black and white as well.
Pixels Picture() {
  std::mt19937 random(5);
  Pixels p;
  for (size_t i = 0; i < kPlane; ++i) {
    for (size_t c = 0; c < 4; ++c)
      p.push_back(static_cast<uint8_t>(std::clamp<int>(
          static_cast<int>(i * (c + 1) / 9 % 300) - 20 + static_cast<int>(random() % 60), 0, 255)));
  }
  return p;
}

Pixels Painted(tempera::Stylizer& s, const Pixels& in) { return PaintRgba(s, in, kWidth, kHeight); }

// Of the graph as it is written, every node of it: planes of floats. `named`: which input is turned how.
std::vector<float> AsWritten(const std::string& bytes, const Pixels& in,
                             const std::vector<std::pair<std::string, float>>& named) {
  const engine::ModelPtr model = Loaded(bytes);
  engine::SessionOptions options;
  options.num_threads = 1;
  options.precision = engine::Precision::kFp32;
  std::vector<Shape> shapes;
  for (const graph::ValueId v : model->inputs)
    shapes.push_back(v == model->inputs[0] ? Shape{1, 3, kHeight, kWidth} : model->value(v).info.shape);
  auto session = engine::Session::Create(model, shapes, options).value();
  for (size_t i = 1; i < shapes.size(); ++i) {
    const graph::Value& value = model->value(model->inputs[i]);
    Tensor& to = session->input(i);
    std::copy_n(value.constant->data<float>(), to.element_count(), to.data<float>());
    for (const auto& [name, number] : named) {
      if (name == value.name) *to.data<float>() = number;
    }
  }
  for (size_t i = 0; i < kPlane; ++i) {
    for (size_t c = 0; c < 3; ++c) session->input(0).data<float>()[c * kPlane + i] = in[4 * i + c];
  }
  EXPECT_TRUE(session->Run().ok());
  const Tensor& out = session->output(0);
  return {out.data<float>(), out.data<float>() + out.element_count()};
}
std::vector<float> AsWritten(const std::string& bytes, const Pixels& in, const Setting& at) {
  return AsWritten(
      bytes, in, {{"keep_colors", at.keep_colors}, {"brightness", at.brightness}, {"contrast", at.contrast}});
}

// How far bytes lie from the numbers, of 0..255.
float Furthest(const Pixels& bytes, const std::vector<float>& numbers) {
  float most = 0;
  for (size_t i = 0; i < kPlane; ++i) {
    for (size_t c = 0; c < 3; ++c)
      most = std::max(most, std::abs(numbers[c * kPlane + i] - static_cast<float>(bytes[4 * i + c])));
  }
  return most;
}

TEST(AdjustTail, TheGraphDoesWhatTheEngineDoes) {
  const std::string bytes = Written(Painter(true));
  auto built_in = Opened(bytes);
  const Pixels in = Picture();
  for (const Setting& at : Corners()) {
    Turn(built_in, at);
    // Bytes are rounded to the nearest: half a level, and what floats round.
    EXPECT_LE(Furthest(Painted(built_in, in), AsWritten(bytes, in, at)), 0.51f)
        << at.keep_colors << " " << at.brightness << " " << at.contrast;
  }
  // Of numbers that can tell: the painting goes beyond both ends, and each parameter moves it.
  const std::vector<float> raw = AsWritten(Written(Painter(false)), in, Setting{});
  EXPECT_LT(*std::min_element(raw.begin(), raw.end()), -50);
  EXPECT_GT(*std::max_element(raw.begin(), raw.end()), 305);
  for (const Setting& at : {Setting{1, 0, 1}, Setting{0, 0.2f, 1}, Setting{0, 0, 1.5f}}) {
    Turn(built_in, {});
    EXPECT_GT(Furthest(Painted(built_in, in), AsWritten(bytes, in, at)), 20);
  }
}

TEST(AdjustTail, PaintsTheBytesOfAFileWithout) {
  const Pixels in = Picture();
  for (const bool initializers : {true, false}) {
    const std::string bytes = Written(Painter(true, initializers)), bare = Written(Painter(false));
    EXPECT_TRUE(IsTakenOut(bytes));
    EXPECT_FALSE(IsTakenOut(bare));
    for (const tempera_precision precision : {TEMPERA_PRECISION_FP32, TEMPERA_PRECISION_INT8}) {
      auto with = Opened(bytes, precision), without = Opened(bare, precision);
      for (const Setting& at : Corners()) {
        Turn(with, at), Turn(without, at);
        EXPECT_EQ(Painted(with, in), Painted(without, in));
      }
      const std::vector<float> frames = {0.3f, 0.7f};
      for (tempera::Stylizer* s : {&with, &without}) {
        Turn(*s, {1, 0.2f, 1.2f});
        ASSERT_FALSE(s->SetParameter("strength", 0.5f));
        ASSERT_FALSE(s->SetParameter("steadiness", 0.5f));
      }
      for (int frame = 0; frame < 3; ++frame) EXPECT_EQ(Painted(with, in), Painted(without, in));
    }
  }
}

// Node for node, the file without.
TEST(AdjustTail, WhatIsLeftIsTheNetwork) {
  engine::ModelPtr model = Loaded(Written(Painter(true)));
  graph::Graph bare = *Loaded(Written(Painter(false)));
  graph::RemoveDeadNodes(bare);  // this painter has no coarse layers
  metadata::ModelMetadata read = metadata::ReadModelMetadata(*model, "model").value();
  metadata::SettlePainting(*model, &read);
  metadata::TakeOutAdjustTail(&model, &read);
  const auto names = [](const graph::Graph& g, const std::vector<graph::ValueId>& ids) {
    std::vector<std::string> all;
    for (const graph::ValueId v : ids) all.push_back(v < 0 ? "" : g.value(v).name);
    return all;
  };
  EXPECT_EQ(names(*model, model->inputs), names(bare, bare.inputs));
  EXPECT_EQ(model->outputs.size(), bare.outputs.size());
  EXPECT_EQ(model->input_dims.size(), bare.input_dims.size());
  ASSERT_EQ(model->nodes.size(), bare.nodes.size());
  for (size_t i = 0; i < bare.nodes.size(); ++i) {
    EXPECT_EQ(model->nodes[i].name, bare.nodes[i].name);
    EXPECT_EQ(model->nodes[i].op_type, bare.nodes[i].op_type);
    EXPECT_EQ(names(*model, model->nodes[i].inputs), names(bare, bare.nodes[i].inputs));
    if (i + 1 < bare.nodes.size())  // the painting has another name
      EXPECT_EQ(names(*model, model->nodes[i].outputs), names(bare, bare.nodes[i].outputs));
  }
}

// The matrix is of YCbCr: RGB frames keep their colours by one luma, the tail's, whatever is said of them.
TEST(AdjustTail, RgbHasOneLuma) {
  auto s = Opened(Written(Painter(true)));
  ASSERT_FALSE(s.SetParameter("keep_colors", 1));
  const Pixels in = Picture(), wanted = Painted(s, in);
  for (const int32_t matrix : {TEMPERA_MATRIX_BT709, TEMPERA_MATRIX_BT601, TEMPERA_MATRIX_BT2020}) {
    Pixels out(in.size());
    tempera_image from = MakeImage(TEMPERA_RGBA, in.data(), kWidth, kHeight);
    from.matrix = matrix;
    ASSERT_FALSE(s.Process(from, MakeImage(TEMPERA_RGBA, out.data(), kWidth, kHeight)));
    EXPECT_EQ(out, wanted) << matrix;
  }
}

// In both, the same parameters in one order, each once.
TEST(AdjustTail, ParametersAreListedOnce) {
  auto with = Opened(Written(Painter(true))), without = Opened(Written(Painter(false)));
  ASSERT_EQ(with.ParameterCount(), without.ParameterCount());
  for (int i = 0; i < with.ParameterCount(); ++i) {
    const auto a = with.ParameterInfo(i), b = without.ParameterInfo(i);
    EXPECT_STREQ(a->name, b->name);
    EXPECT_STREQ(a->line, b->line);
    EXPECT_EQ(a->kind, b->kind);
    EXPECT_EQ(a->minimum, b->minimum);
    EXPECT_EQ(a->maximum, b->maximum);
    for (int k = 0; k < i; ++k) EXPECT_STRNE(a->name, with.ParameterInfo(k)->name);
  }
}

// What the tail says of its parameters is what the built-in ones say.
TEST(AdjustTail, SaysWhatTheBuiltInOnesSay) {
  const engine::ModelPtr model = Loaded(Written(Painter(true)));
  const metadata::ModelMetadata read = metadata::ReadModelMetadata(*model, "model").value();
  size_t found = 0;
  for (const metadata::Parameter& built_in : metadata::BuiltInParameters()) {
    for (const metadata::Parameter& p : read.parameters) {
      if (p.name != built_in.name || p.name == metadata::kStrength || p.input < 0) continue;
      ++found;
      EXPECT_EQ(p.line, built_in.line);
      EXPECT_EQ(p.kind, built_in.kind);
      EXPECT_EQ(p.minimum, built_in.minimum);
      EXPECT_EQ(p.maximum, built_in.maximum);
      EXPECT_EQ(p.defaults, built_in.defaults);
    }
  }
  EXPECT_EQ(found, 3u);
}

onnx::Node& NodeThatWrites(onnx::Model& m, const std::string& value) {
  for (onnx::Node& node : m.graph.nodes) {
    if (node.outputs[0] == value) return node;
  }
  ADD_FAILURE() << value;
  return m.graph.nodes[0];
}
std::string Value(onnx::AdjustValue v) { return "adjust_" + std::to_string(v); }
float* Numbers(onnx::Model& m, const std::string& name) {
  for (onnx::Initializer& init : m.graph.initializers) {
    if (init.name == name) return init.tensor.data<float>();
  }
  ADD_FAILURE() << name;
  return nullptr;
}
void SayOf(onnx::Model& m, const std::string& key, const std::string& text) {
  for (auto& [name, value] : m.metadata_props) {
    if (name == key) value = text;
  }
}

struct Deviation {
  const char* what;
  std::function<void(onnx::Model&)> make;
  std::string contrast = "contrast";  // the parameter's name
};
void RenameContrast(onnx::Model& m) {
  for (onnx::Node& node : m.graph.nodes)
    std::replace(node.inputs.begin(), node.inputs.end(), std::string("contrast"), std::string("punch"));
  for (onnx::ValueInfo& input : m.graph.inputs) input.name = input.name == "contrast" ? "punch" : input.name;
  for (onnx::Initializer& init : m.graph.initializers)
    init.name = init.name == "contrast" ? "punch" : init.name;
  for (auto& [key, value] : m.metadata_props)
    key = key == "tempera.param.contrast" ? "tempera.param.punch" : key;
}

std::vector<Deviation> Deviations() {
  return {
      {"another number", [](onnx::Model& m) { *Numbers(m, Value(onnx::kBrightnessLevels)) = 64; }},
      {"another middle", [](onnx::Model& m) { *Numbers(m, Value(onnx::kMidGrey)) = 100; }},
      {"another luma", [](onnx::Model& m) { Numbers(m, Value(onnx::kLumaOnly))[4] += 0.25f; }},
      {"a node more in it",
       [](onnx::Model& m) {
         m.graph.nodes.push_back({"more", "Relu", "", {Value(onnx::kContrasted)}, {"more"}, {}});
         NodeThatWrites(m, Value(onnx::kAdjusted)).inputs[0] = "more";
       }},
      {"a node more behind it",
       [](onnx::Model& m) {
         NodeThatWrites(m, "output").outputs[0] = "before";
         m.graph.nodes.push_back({"more", "Sqrt", "", {"before"}, {"output"}, {}});
       }},
      {"another operator", [](onnx::Model& m) { NodeThatWrites(m, Value(onnx::kAdjusted)).op_type = "Sub"; }},
      {"operands the other way round",
       [](onnx::Model& m) {
         auto& inputs = NodeThatWrites(m, Value(onnx::kDifference)).inputs;
         std::swap(inputs[0], inputs[1]);
       }},
      {"a convolution with a bias",
       [](onnx::Model& m) {
         Tensor bias = Tensor::Create(DataType::kFloat32, {3}).value();
         std::fill_n(bias.data<float>(), 3, 10.0f);
         m.graph.initializers.push_back({"bias", std::move(bias)});
         NodeThatWrites(m, Value(onnx::kRecoloured)).inputs.push_back("bias");
       }},
      {"an attribute",
       [](onnx::Model& m) {
         NodeThatWrites(m, Value(onnx::kRecoloured))
             .attributes.push_back(onnx::IntsAttribute("pads", {0, 0, 0, 0}));
       }},
      {"a result that somebody else reads",
       [](onnx::Model& m) {
         m.graph.nodes.push_back({"more", "Relu", "", {Value(onnx::kSeen)}, {"second"}, {}});
         m.graph.outputs.push_back({"second", DataType::kFloat32, false, {}});
       }},
      {"a result that is an output",
       [](onnx::Model& m) {
         m.graph.outputs.push_back({Value(onnx::kKept), DataType::kFloat32, false, {}});
       }},
      {"the painting is an output twice",
       [](onnx::Model& m) { m.graph.outputs.push_back(m.graph.outputs[0]); }},
      {"the network reads contrast too",
       [](onnx::Model& m) {
         NodeThatWrites(m, "painting").outputs[0] = "by contrast";
         m.graph.nodes.push_back({"more", "Mul", "", {"by contrast", "contrast"}, {"painting"}, {}});
       }},
      {"a wider range", [](onnx::Model& m) { SayOf(m, "tempera.param.contrast", "range = 0..3"); }},
      {"another kind", [](onnx::Model& m) { SayOf(m, "tempera.param.keep_colors", "range = 0..1"); }},
      {"another default", [](onnx::Model& m) { *Numbers(m, "brightness") = 0.5f; }},
      {"another input", RenameContrast, "punch"},
      {"inputs in another order",
       [](onnx::Model& m) { std::swap(m.graph.inputs.back(), m.graph.inputs[m.graph.inputs.size() - 2]); }},
      {"an input that is strength instead",
       [](onnx::Model& m) {
         for (onnx::Node& node : m.graph.nodes) {
           if (node.name.rfind("adjust_", 0) != 0) continue;
           std::replace(node.inputs.begin(), node.inputs.end(), std::string("contrast"),
                        std::string("strength"));
         }
       }},
      {"a constant that is a parameter",
       [](onnx::Model& m) {
         const std::string name = Value(onnx::kMidGrey);
         m.graph.inputs.insert(m.graph.inputs.begin() + 1, {name, DataType::kFloat32, true, {{1, ""}}});
         for (onnx::Initializer& init : m.graph.initializers) {
           if (init.name != name) continue;
           init.tensor = Tensor::Create(DataType::kFloat32, {1}).value();
           *init.tensor.data<float>() = 127.5f;
         }
         m.metadata_props.emplace_back("tempera.param." + name, "range = 0..255");
       }},
  };
}

TEST(AdjustTail, AnythingElseRunsAsItIsWritten) {
  const Pixels in = Picture();
  for (const Deviation& deviation : Deviations()) {
    SCOPED_TRACE(deviation.what);
    ModelBuilder m = Painter(true);
    deviation.make(m.model());
    const std::string bytes = Written(m);
    EXPECT_FALSE(IsTakenOut(bytes));
    auto s = Opened(bytes);
    for (const Setting& at : {Setting{0, -0.3f, 0.8f}, Setting{1, 0.4f, 1.3f}}) {
      ASSERT_FALSE(s.SetParameter("keep_colors", at.keep_colors));
      ASSERT_FALSE(s.SetParameter("brightness", at.brightness));
      ASSERT_FALSE(s.SetParameter(deviation.contrast.c_str(), at.contrast));
      std::vector<float> wanted = AsWritten(bytes, in,
                                            {{"keep_colors", at.keep_colors},
                                             {"brightness", at.brightness},
                                             {deviation.contrast, at.contrast}});
      for (float& number : wanted) number = std::clamp(number, 0.0f, 255.0f);
      EXPECT_LE(Furthest(Painted(s, in), wanted), 0.51f);
    }
  }
}

// A painting that comes back as the next frame's input is the one with the tail.
TEST(AdjustTail, StaysWhereTheNetworkRemembersIt) {
  ModelBuilder m = Painter(true);
  m.Input("before", {1, 3, -1, -1});
  m.Metadata("tempera.state.output", "before");
  onnx::Node& conv = NodeThatWrites(m.model(), "painting");
  conv.outputs[0] = "alone";
  m.Node("Mul", {"before", m.Floats({1}, {0.5f})});
  const std::string half = m.model().graph.nodes.back().outputs[0];
  m.NamedNode("painting", "Add", {"alone", half});
  EXPECT_FALSE(IsTakenOut(Written(m)));
}

// Whoever says that its numbers are others gets the tail's own arithmetic on them.
TEST(AdjustTail, StaysWhereOtherPixelsAreSaid) {
  for (const auto& [key, text] :
       {std::pair{"tempera.value_range", "0..1"}, {"tempera.layout", "BGR"}, {"tempera.mean", "10"}}) {
    ModelBuilder m = Painter(true);
    std::erase_if(m.model().metadata_props, [](const auto& e) { return e.first == "tempera.value_range"; });
    EXPECT_TRUE(IsTakenOut(Written(m)));
    m.Metadata(key, text);
    EXPECT_FALSE(IsTakenOut(Written(m))) << key;
  }
}

}  // namespace
}  // namespace tempera::stylize
