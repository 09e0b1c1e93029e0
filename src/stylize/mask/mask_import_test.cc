// Mask networks as people publish them: their inputs and outputs, by name, number, form and type, with
// numbers that a test can tell. The layers of the real ones stand for nothing here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/stylize/mask/masker.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

using Said = std::vector<std::pair<std::string, std::string>>;

Result<std::unique_ptr<Masker>> Open(const TestModel& model, const Said& said = {}) {
  StylizerOptions options;
  options.precision = engine::Precision::kFp32;
  options.metadata = said;
  const std::string bytes = model.Bytes();
  TEMPERA_ASSIGN_OR_RETURN(
      auto loaded, engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  return Masker::Create(std::move(loaded), "the model", options);
}

std::string Refusal(const TestModel& model, const Said& said = {}) {
  const auto masker = Open(model, said);
  EXPECT_FALSE(masker.ok());
  const std::string why = masker.ok() ? "" : masker.status().message();
  EXPECT_EQ(why.find('\n'), std::string::npos) << why;
  return why;
}

// A network that begins with as many layers as one that was trained has; they change nothing. Its ends are
// called as `input` and, where there are several, `outputs` say.
class Network {
 public:
  Network(const std::string& input, const std::vector<int64_t>& dims,
          const std::vector<std::string>& outputs) {
    m.graph().inputs.clear();
    m.graph().outputs.clear();
    m.Input(input, dims);
    for (const std::string& name : outputs) m.Output(name);
    x = input;
    if (dims.size() == 4 && dims[3] == 3) {
      m.Node("Transpose", {x}, "planes").Ints("perm", {0, 3, 1, 2});
      x = "planes";
    }
  }

  // `with`: an operator that stands between the layers, as some networks have it.
  Network& Layers(const std::string& with = "") {
    m.Constant("zeros", {3, 3, 1, 1}, std::vector<float>(9, 0.0f));
    m.Constant("three", {3}, {1, 1, 1});
    std::string y = x;
    for (int i = 0; i < 8; ++i) {
      const std::string layer = "layer" + std::to_string(i);
      m.Node("Conv", {y, "zeros"}, layer);
      y = layer;
      if (with.empty()) continue;
      std::vector<std::string> inputs = {layer, "three"};
      if (with == "InstanceNormalization") inputs.push_back("three");
      m.Node(with, inputs, layer + "b");
      y = layer + "b";
    }
    // Norms of nothing are their shift.
    m.Constant("none", {1}, {0}).Node("Mul", {y, "none"}, "nothing").Node("Add", {x, "nothing"}, "seen");
    x = "seen";
    return *this;
  }

  // Channel c is gains[c] times what plane `plane` holds, and biases[c].
  Network& Channels(const std::vector<float>& gains, const std::vector<float>& biases, int plane = 0) {
    std::vector<float> weights;
    for (const float gain : gains) {
      for (int i = 0; i < 3; ++i) weights.push_back(i == plane ? gain : 0);
    }
    const auto count = static_cast<int64_t>(gains.size());
    m.Constant("w", {count, 3, 1, 1}, weights).Constant("b", {count}, biases);
    m.Node("Conv", {x, "w", "b"}, "logits");
    x = "logits";
    return *this;
  }

  // The last node's result gets this name.
  Network& Ends(const std::string& op, const std::string& name,
                const std::vector<onnx::Attribute>& attributes = {}) {
    m.NamedNode(name, op, {x}, attributes);
    x = name;
    return *this;
  }

  TestModel m;
  std::string x;
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Red in columns of eight, 0..255 over the picture; the other colours are noise.
struct Ramp : OwnedImage {
  explicit Ramp(Size size) : OwnedImage(PixelFormat::kRgb, size.width, size.height) {
    std::mt19937 random(3);
    Fill(random);
    const int steps = std::max(1, size.width / 8 - 1);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x)
        image.Row(0, y)[3 * x] = static_cast<uint8_t>(255 * (x / 8) / steps);
    }
  }
};

std::vector<uint8_t> MaskOf(Masker& masker, const OwnedImage& in) {
  const Size size = in.image.size();
  std::vector<uint8_t> mask(static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
  const Status status = masker.Process(in.image, {mask.data(), size.width, size});
  EXPECT_TRUE(status.ok()) << status.message();
  return mask;
}

// `share` of red 0..255, at the frame's size.
void ExpectMask(const TestModel& model, const Said& said, Size size,
                const std::function<double(double)>& share) {
  const auto masker = Open(model, said);
  ASSERT_TRUE(masker.ok()) << masker.status().message();
  const Ramp in(size);
  const std::vector<uint8_t> mask = MaskOf(**masker, in);
  for (int y = 0; y < size.height; y += 5) {
    for (int x = 0; x < size.width; ++x) {
      const double wanted = 255 * std::clamp(share(in.image.Row(0, y)[3 * x]), 0.0, 1.0);
      ASSERT_NEAR(mask[static_cast<size_t>(y * size.width + x)], wanted, 1) << x << "," << y;
    }
  }
}

// Seven maps, the first of which is the mask.
TEST(MaskImport, U2Net) {
  Network n("input.1", {1, 3, 64, 64}, {"1959", "1960", "1961", "1962", "1963", "1964", "1965"});
  n.Layers().Channels({1}, {0}).Ends("Sigmoid", "1959");
  for (int i = 1960; i < 1966; ++i) n.m.Node("Sigmoid", {"1959"}, std::to_string(i));
  ExpectMask(n.m, {}, {64, 64}, [](double r) { return Sigmoid((r / 255 - 0.485) / 0.229); });
  ExpectMask(n.m, {{"tempera.value_range", "0..1"}}, {64, 64}, [](double r) { return Sigmoid(r / 255); });
  ExpectMask(n.m, {{"tempera.mask.output", "1961"}}, {64, 64},
             [](double r) { return Sigmoid(Sigmoid((r / 255 - 0.485) / 0.229)); });
  EXPECT_NE(Refusal(n.m, {{"tempera.mask.output", "1966"}}).find("'1960', '1961'"), std::string::npos);
}

// Instance norms, a size that is open, and one that it was made for.
TEST(MaskImport, ModNet) {
  Network n("input", {-1, 3, -1, -1}, {"output"});
  n.Layers("InstanceNormalization").Channels({2}, {0}).Ends("Sigmoid", "output");
  ExpectMask(n.m, {{"tempera.mask.long_side", "96"}}, {96, 64},
             [](double r) { return Sigmoid(2 * (r / 127.5 - 1)); });
  const auto masker = Open(n.m);
  ASSERT_TRUE(masker.ok()) << masker.status().message();
  ASSERT_NE((*masker)->Metadata("tempera.mask.long_side"), nullptr);
  EXPECT_EQ(*(*masker)->Metadata("tempera.mask.long_side"), "512");
}

// Two shares, or the number of the class in 32 or 64 bits, with and without a channel.
TEST(MaskImport, PpHumanSeg) {
  Network shares("x", {1, 3, 48, 48}, {"softmax_0.tmp_0"});
  shares.Layers().Channels({0, 3}, {0, 0}).Ends("Softmax", "softmax_0.tmp_0", {TestModel::Int("axis", 1)});
  ExpectMask(shares.m, {}, {48, 48}, [](double r) { return Sigmoid(3 * (r / 127.5 - 1)); });
  for (const bool channel : {false, true}) {
    for (const DataType type : {DataType::kInt64, DataType::kInt32}) {
      Network index("x", {1, 3, 48, 48}, {"argmax_0.tmp_0"});
      index.Layers().Channels({0, 3}, {0, 0});
      index.Ends("ArgMax", "number", {TestModel::Int("axis", 1), TestModel::Int("keepdims", channel)});
      index.Ends("Cast", "argmax_0.tmp_0", {TestModel::Int("to", static_cast<int64_t>(type))});
      ExpectMask(index.m, {}, {48, 48}, [](double r) { return r > 127.5; });
      ExpectMask(index.m, {{"tempera.mask.class", "0"}}, {48, 48}, [](double r) { return r <= 127.5; });
    }
  }
}

// Nineteen classes of streets: bright is a car, number 13, dark a road, 0.
TEST(MaskImport, BiSeNet) {
  std::vector<float> gains(19, 0.0f), biases(19, -50.0f);
  gains[13] = 1, biases[13] = 0, biases[0] = 0;
  const auto normed = [](double r) { return (r / 255 - 0.3257) / 0.2112; };
  for (const bool index : {false, true}) {
    Network n("input_image", {1, 3, 64, 128}, {"preds"});
    n.Layers().Channels(gains, biases);
    n.Ends(index ? "ArgMax" : "Identity", "preds",
           index ? std::vector<onnx::Attribute>{TestModel::Int("axis", 1), TestModel::Int("keepdims", 0)}
                 : std::vector<onnx::Attribute>{});
    ExpectMask(n.m, {{"tempera.mask.class", "13"}}, {128, 64},
               [&](double r) { return index ? (normed(r) > 0 ? 1 : 0) : Sigmoid(normed(r)); });
    EXPECT_NE(Refusal(n.m, {{"tempera.mask.class", "19"}}).find("tempera.mask.class"), std::string::npos);
  }
}

// Channels last: few of 0..1, as MediaPipe's, and VOC's of -1..1.
TEST(MaskImport, ChannelsLast) {
  for (const bool voc : {false, true}) {
    Network n("sub_7", {1, 64, 64, 3}, {"out"});
    std::vector<float> gains(voc ? 21 : 1, 0.0f), biases(voc ? 21 : 1, voc ? -50.0f : 0.0f);
    gains[voc ? 20 : 0] = 4, biases[0] = 0;
    if (voc) biases[20] = 0;
    n.Layers().Channels(gains, biases);
    if (!voc) n.Ends("Sigmoid", "shares");
    n.Ends("Transpose", "out", {onnx::IntsAttribute("perm", {0, 2, 3, 1})});
    ExpectMask(n.m, voc ? Said{{"tempera.mask.class", "20"}} : Said{}, {64, 64},
               [&](double r) { return Sigmoid(4 * (voc ? r / 127.5 - 1 : r / 255)); });
  }
}

// Names by number, where the file says none, and what is said of them.
TEST(MaskImport, ClassesByName) {
  const auto network = [](int64_t count) {
    Network n("input", {1, 3, 64, 64}, {"output"});
    const auto channels = static_cast<size_t>(count);
    n.Channels(std::vector<float>(channels, 0.0f), std::vector<float>(channels, 0.0f));
    n.Ends("Identity", "output");
    return n.m;
  };
  struct Case {
    int64_t count;
    const char* name;
    int index;
  };
  for (const Case& c : {Case{21, "tv", 20},
                        {21, "TV monitor", 20},
                        {21, "airplane", 1},
                        {21, "15", 15},
                        {19, "person", 11},
                        {19, "traffic-light", 6},
                        {12, "unlabeled", 11},
                        {11, "car", 8},
                        {150, "person", 12},
                        {151, "Person", 13},
                        {150, "flag", 149},
                        {2, "mask", 1},
                        {2, "", 1},
                        {1, "mask", 0},
                        {7, "6", 6}}) {
    const auto masker = Open(network(c.count));
    ASSERT_TRUE(masker.ok()) << masker.status().message();
    const auto found = (*masker)->FindClass(c.name);
    ASSERT_TRUE(found.ok()) << c.count << " " << c.name << ": " << found.status().message();
    EXPECT_EQ(*found, c.index) << c.count << " " << c.name;
    EXPECT_EQ((*masker)->classes().names.size(), static_cast<size_t>(c.count));
  }
  const auto voc = Open(network(21), {{"tempera.mask.class", "tvmonitor"}});
  ASSERT_TRUE(voc.ok()) << voc.status().message();
  EXPECT_EQ((*voc)->FindClass("").value(), 20);
  const std::string why = (*voc)->FindClass("laptop").status().message();
  EXPECT_NE(why.find("no class 'laptop'; it has background, aeroplane"), std::string::npos) << why;
  const auto told = Open(network(2), {{"tempera.mask.classes", "person"}});
  ASSERT_TRUE(told.ok()) << told.status().message();
  EXPECT_EQ((*told)->FindClass("person").value(), 1);
  const auto turned = Open(network(2), {{"tempera.mask.classes", "person, Background"}});
  ASSERT_TRUE(turned.ok()) << turned.status().message();
  EXPECT_EQ((*turned)->FindClass("").value(), 0);
  // A name goes before what else people call it.
  const auto both = Open(network(2), {{"tempera.mask.classes", "pedestrian, Person"}});
  ASSERT_TRUE(both.ok()) << both.status().message();
  EXPECT_EQ((*both)->FindClass("person").value(), 1);
  EXPECT_EQ((*both)->FindClass("pedestrian").value(), 0);
  EXPECT_EQ((*both)->FindClass("people").value(), 0);
  EXPECT_NE(Refusal(network(21), {{"tempera.mask.classes", "person, tv"}}).find("2 names"),
            std::string::npos);
  // None of many is the mask before somebody says so.
  const auto seven = Open(network(7));
  ASSERT_TRUE(seven.ok());
  EXPECT_EQ((*seven)->FindClass("").status().code(), StatusCode::kNotFound);
  const Ramp in({64, 64});
  std::vector<uint8_t> mask(64 * 64);
  const Status none = (*seven)->Process(in.image, {mask.data(), 64, {64, 64}});
  EXPECT_NE(none.message().find("tempera.mask.class"), std::string::npos) << none.message();
}

// Robust video matting in small: colours and a mask come out, one state goes round, and a number says at
// which share of the size most is done.
TestModel Matting() {
  Network n("src", {-1, 3, -1, -1}, {"fgr", "pha", "r1o"});
  n.m.Input("r1i", {-1, -1, -1, -1});
  n.m.Input("downsample_ratio", {1});
  n.m.Constant("ones", {2}, {1, 1}).Constant("none_yet", {0}, std::vector<float>{});
  n.m.Node("Concat", {"ones", "downsample_ratio", "downsample_ratio"}, "scales");
  n.m.graph().nodes.back().attributes.push_back(onnx::IntAttribute("axis", 0));
  n.m.Node("Resize", {"src", "none_yet", "scales"}, "small");
  n.m.graph().nodes.back().attributes = {
      onnx::TextAttribute("mode", "linear"),
      onnx::TextAttribute("coordinate_transformation_mode", "pytorch_half_pixel")};
  n.x = "small";
  n.Layers().Channels({0.5f}, {0});
  n.m.Node("Shape", {"logits"}, "like").Node("Expand", {"r1i", "like"}, "before");
  n.m.Node("Add", {"logits", "before"}, "r1o");
  n.m.Constant("b0", std::vector<int64_t>{0}).Constant("b2", std::vector<int64_t>{2});
  n.m.Constant("b4", std::vector<int64_t>{4}).Constant("one1", std::vector<int64_t>{1, 1});
  n.m.Node("Shape", {"src"}, "whole").Node("Slice", {"whole", "b2", "b4", "b0"}, "hw");
  n.m.Node("Concat", {"one1", "hw"}, "size");
  n.m.graph().nodes.back().attributes.push_back(onnx::IntAttribute("axis", 0));
  n.m.Node("Resize", {"r1o", "none_yet", "none_yet", "size"}, "wide");
  n.m.graph().nodes.back().attributes = {onnx::TextAttribute("mode", "linear")};
  n.m.Constant("zero", {}, {0}).Constant("one", {}, {1}).Node("Clip", {"wide", "zero", "one"}, "pha");
  n.m.Node("Identity", {"src"}, "fgr");
  return n.m;
}

TEST(MaskImport, RobustVideoMatting) {
  const TestModel model = Matting();
  const auto masker = Open(model);
  ASSERT_TRUE(masker.ok()) << masker.status().message();
  const Ramp in({96, 64}), other({64, 64});
  // Half of red, and what the state holds of the frame before.
  const auto middle = [&](const OwnedImage& image) {
    const int x = image.image.width / 2, w = image.image.width;
    const double red = image.image.Row(0, 8)[3 * x];
    return std::pair(MaskOf(**masker, image)[static_cast<size_t>(8 * w + x)], red);
  };
  for (int frame = 1; frame <= 3; ++frame) {
    const auto [mask, red] = middle(in);
    EXPECT_NEAR(mask, std::min(255.0, 0.5 * red * frame), 1) << frame;
  }
  const auto [mask, red] = middle(other);
  EXPECT_NEAR(mask, 0.5 * red, 1) << "another size begins anew";
  (*masker)->Reset();
  EXPECT_NEAR(middle(other).first, 0.5 * red, 1) << "after a cut";
}

TEST(MaskImport, MattingAtAShareOfTheSize) {
  OwnedImage in(PixelFormat::kRgb, 64, 64);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x)
      for (int c = 0; c < 3; ++c) in.image.Row(0, y)[3 * x + c] = (x + y) % 2 == 0 ? 255 : 0;
  }
  const TestModel model = Matting();
  const auto whole = Open(model), half = Open(model, {{"tempera.mask.downsample_ratio", "0.5"}});
  ASSERT_TRUE(whole.ok() && half.ok()) << half.status().message();
  EXPECT_NEAR(MaskOf(**whole, in)[64 * 32 + 32], 127, 1);
  EXPECT_NEAR(MaskOf(**half, in)[64 * 32 + 32], 64, 1);
  for (const char* bad : {"0", "1.5", "-1", "x", ""}) {
    EXPECT_NE(Refusal(model, {{"tempera.mask.downsample_ratio", bad}}).find("not above 0"),
              std::string::npos);
  }
  Network n("src", {1, 3, 32, 32}, {"pha"});
  n.Channels({1}, {0}).Ends("Sigmoid", "pha");
  EXPECT_NE(Refusal(n.m, {{"tempera.mask.downsample_ratio", "0.5"}}).find("downsample_ratio"),
            std::string::npos);
}

// Arithmetic behind the end is undone.
TEST(MaskImport, NumbersBehindTheirEnd) {
  const Said bytes = {{"tempera.value_range", "0..255"}};
  const auto network = [](const char* op) {
    Network n("input", {1, 3, 32, 32}, {"output"});
    n.Channels({0.02f}, {-2}).Ends(op, "end");
    return n;
  };
  const auto logit = [](double r) { return 0.02 * r - 2; };
  Network inverted = network("Sigmoid"), wide = network("Sigmoid"), tanh = network("Tanh");
  inverted.m.Constant("k", {1}, {1}).Node("Sub", {"k", "end"}, "output");
  wide.m.Constant("k", {1}, {255}).Node("Mul", {"end", "k"}, "output");
  tanh.m.Node("Identity", {"end"}, "output");
  ExpectMask(inverted.m, bytes, {32, 32}, [&](double r) { return 1 - Sigmoid(logit(r)); });
  ExpectMask(wide.m, bytes, {32, 32}, [&](double r) { return Sigmoid(logit(r)); });
  ExpectMask(tanh.m, bytes, {32, 32}, [&](double r) { return 0.5 + 0.5 * std::tanh(logit(r)); });
  Network yes("input", {1, 3, 32, 32}, {"output"});
  yes.Channels({1}, {0}).m.Constant("k", {1}, {100}).Node("Greater", {"logits", "k"}, "output");
  ExpectMask(yes.m, bytes, {32, 32}, [](double r) { return r > 100; });
}

// Twelve classes at 64 by 64 are three at 32 by 32: the fourth lies behind the end.
TEST(MaskImport, ChannelsThatChangeWithTheSizeAreRefused) {
  Network n("input", {1, 3, -1, -1}, {"output"});
  n.Channels({1, 1, 1}, {0, 0, 0});
  n.m.Constant("form", std::vector<int64_t>{1, -1, 32, 32}).Node("Reshape", {"logits", "form"}, "output");
  StylizerOptions options;
  options.working = {32, 32};
  options.metadata = {{"tempera.mask.class", "11"}};
  const std::string bytes = n.m.Bytes();
  auto loaded = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  ASSERT_TRUE(loaded.ok());
  const auto masker = Masker::Create(std::move(*loaded), "the model", options);
  ASSERT_TRUE(masker.ok()) << masker.status().message();
  const Status planned = (*masker)->Prepare({32, 32});
  EXPECT_NE(planned.message().find("channels change with the picture's size: 12 and 3"), std::string::npos)
      << planned.message();
}

// A softmax that is written out gives shares; taken for logits they would be 0.27 to 0.73 of two.
TEST(MaskImport, SharesOfASumAreRecognised) {
  const Said bytes = {{"tempera.value_range", "0..255"}};
  const auto network = [](bool of_itself) {
    Network n("input", {1, 3, 32, 32}, {"output"});
    n.Channels({0, 0.02f}, {0, -2})
        .m.Node("Exp", {"logits"}, "powers")
        .Constant("axes", std::vector<int64_t>{1});
    n.m.Node("ReduceSum", {of_itself ? "powers" : "logits", "axes"}, "sum")
        .Node("Div", {"powers", "sum"}, "output");
    return n.m;
  };
  ExpectMask(network(true), bytes, {32, 32}, [](double r) { return Sigmoid(0.02 * r - 2); });
  const auto notices = [](const TestModel& model) {
    const std::string file = model.Bytes();
    auto loaded = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
    const auto read = metadata::ReadMaskModel(std::move(*loaded), "the model");
    EXPECT_TRUE(read.ok()) << read.status().message();
    std::string all;
    for (const std::string& line : read->metadata.notices) all += line + "\n";
    return all;
  };
  EXPECT_EQ(notices(network(true)).find("logits"), std::string::npos);
  EXPECT_NE(notices(network(false)).find("its 2 channels end in Div and are taken for logits"),
            std::string::npos);
  // The greatest numbers, and not where they are.
  Network top("input", {1, 3, 32, 32}, {"output"});
  top.Channels({0, 0.02f}, {0, -2}).m.Constant("one", std::vector<int64_t>{1});
  top.m.NamedNode("output", "TopK", {"logits", "one"}, {TestModel::Int("axis", 1)});
  EXPECT_NE(notices(top.m).find("ends in TopK and is taken for logits"), std::string::npos) << notices(top.m);
}

// A file that declares a size is used at that, whatever the graph could bear.
TEST(MaskImport, DeclaredSizeIsUsed) {
  Network n("input", {1, 3, 32, 32}, {"output"});
  n.Channels({1.0f / 255}, {0}).m.Metadata("tempera.mask.values", "0..1");
  n.m.Metadata("tempera.value_range", "0..255");
  n.Ends("Identity", "output");
  const auto masker = Open(n.m);
  ASSERT_TRUE(masker.ok()) << masker.status().message();
  // Lines one pixel wide of 128 by 128 are grey at 32 by 32.
  OwnedImage in(PixelFormat::kRgb, 128, 128);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 384; ++x) in.image.Row(0, y)[x] = y % 2 == 0 ? 255 : 0;
  }
  EXPECT_NEAR(MaskOf(**masker, in)[128 * 64 + 64], 127, 2);
}

TEST(MaskImport, WhatIsNoMaskIsRefusedInOneLine) {
  Network style("input", {1, 3, -1, -1}, {"output"});
  style.Layers().Channels({1, 1, 1}, {0, 0, 0}).Ends("Sigmoid", "output");
  EXPECT_NE(Refusal(style.m).find("3 channels, as pictures have"), std::string::npos) << Refusal(style.m);
  EXPECT_TRUE(Open(style.m, {{"tempera.mask.class", "1"}}).ok());

  Network detector("input", {1, 3, 32, 64}, {"scores", "boxes"});
  detector.Layers().Channels({1, 1}, {0, 0});
  detector.m.Constant("rows", std::vector<int64_t>{1, -1, 2});
  detector.m.Node("Reshape", {"logits", "rows"}, "scores").Node("Identity", {"scores"}, "boxes");
  EXPECT_NE(Refusal(detector.m).find("'scores' is float32 [1, 2048, 2]"), std::string::npos)
      << Refusal(detector.m);

  Network classifier("input", {1, 3, 32, 32}, {"output"});
  classifier.Layers().Channels(std::vector<float>(10, 1), std::vector<float>(10, 0));
  classifier.m.Node("GlobalAveragePool", {"logits"}, "pooled").Node("Flatten", {"pooled"}, "output");
  EXPECT_NE(Refusal(classifier.m).find("[1, 10]"), std::string::npos) << Refusal(classifier.m);

  Network two("left", {1, 3, 32, 32}, {"output"});
  two.m.Input("right", {1, 3, 32, 32});
  two.m.Node("Add", {"left", "right"}, "sum");
  two.x = "sum";
  two.Channels({1}, {0}).Ends("Sigmoid", "output");
  EXPECT_NE(Refusal(two.m).find("2 inputs, 'left', 'right'"), std::string::npos) << Refusal(two.m);

  Network turned("input", {1, 3, 32, 32}, {"output"});
  turned.m.Input("gain", {1});
  turned.m.Node("Mul", {"input", "gain"}, "scaled").Metadata("tempera.param.gain", "range = 0..1");
  turned.x = "scaled";
  turned.Channels({1}, {0}).Ends("Sigmoid", "output");
  EXPECT_NE(Refusal(turned.m).find("'gain' is a parameter"), std::string::npos) << Refusal(turned.m);

  Network many("input", {1, 3, 32, 32}, {"output"});
  many.Channels({1, 1}, {0, 0}).Ends("Identity", "output");
  EXPECT_NE(Refusal(many.m, {{"tempera.mask.values", "index"}}).find("one channel"), std::string::npos);
}

}  // namespace
}  // namespace tempera::stylize
