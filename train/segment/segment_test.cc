#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "train/run_in_engine.h"
#include "train/segment/mask_export.h"
#include "train/segment/mask_losses.h"
#include "train/segment/mask_module.h"
#include "train/segment/segment_trainer.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

// Bright ellipses on noise: what the toy networks learn to find.
MaskPairs Toys(int count, bool classes) {
  std::vector<MaskPair> pairs;
  Random random(3);
  for (int i = 0; i < count; ++i) {
    MaskPair pair;
    pair.image = {96, 96, std::vector<uint8_t>(96 * 96 * 3)};
    pair.mask.resize(96 * 96);
    const double cx = 30 + 36 * random.Uniform(), cy = 30 + 36 * random.Uniform(),
                 r = 16 + 12 * random.Uniform();
    for (int y = 0; y < 96; ++y) {
      for (int x = 0; x < 96; ++x) {
        const bool in = std::hypot(x - cx, y - cy) < r;
        const auto at = static_cast<size_t>(y * 96 + x);
        pair.mask[at] = classes ? (in ? 1 : 0) : (in ? 255 : 0);
        for (int c = 0; c < 3; ++c)
          pair.image.pixels[3 * at + static_cast<size_t>(c)] =
              static_cast<uint8_t>((in ? 150 : 20) + random.Below(60) + (in && c == 0 ? 40 : 0));
      }
    }
    pairs.push_back(pair);
  }
  return MaskPairs::FromPairs(pairs);
}

SegmentOptions ToyOptions(const char* net) {
  SegmentOptions o;
  o.net = net;
  o.width = 0.25;
  o.classes = {"person"};
  o.size = 64;
  o.batch = 8;
  o.steps = 130;
  o.learning_rate = 5e-3;
  o.threads = 2;
  return o;
}

std::string Scratch(const std::string& name) {
  return (fs::temp_directory_path() / ("tempera_segment_" + std::to_string(::getpid()) + name)).string();
}

double ToyIou(SegmentTrainer& trainer) {
  const MaskPairs pairs = Toys(8, false);
  double both = 0, either = 0;
  for (int i = 0; i < pairs.size(); ++i) {
    const torch::Tensor found = trainer.Shares(pairs.pair(i).image)[0] > 0.5;
    const torch::Tensor truth =
        torch::from_blob(const_cast<uint8_t*>(pairs.pair(i).mask.data()), {96, 96}, torch::kUInt8) > 127;
    both += (found & truth).sum().item<double>();
    either += (found | truth).sum().item<double>();
  }
  return both / either;
}

TEST(SegmentTrainer, LearnsToFindBrightThings) {
  auto trainer = SegmentTrainer::Create(ToyOptions("person"), Toys(16, false), {}, nullptr);
  ASSERT_TRUE(trainer.ok()) << trainer.status().message();
  const double before = ToyIou(**trainer);
  while (!(*trainer)->done()) ASSERT_TRUE((*trainer)->Step().ok());
  const double after = ToyIou(**trainer);
  EXPECT_LT(before, 0.6);
  EXPECT_GT(after, 0.75);
}

TEST(SegmentTrainer, SameSeedSameLossesAndResumesWhereItStopped) {
  const std::string checkpoint = Scratch(".pt");
  std::vector<double> straight, broken;
  {
    auto t = SegmentTrainer::Create(ToyOptions("person"), Toys(6, false), {}, nullptr);
    ASSERT_TRUE(t.ok());
    for (int i = 0; i < 6; ++i) straight.push_back((*t)->Step()->total);
  }
  {
    auto t = SegmentTrainer::Create(ToyOptions("person"), Toys(6, false), {}, nullptr);
    for (int i = 0; i < 3; ++i) broken.push_back((*t)->Step()->total);
    ASSERT_TRUE((*t)->Save(checkpoint).ok());
  }
  {
    auto t = SegmentTrainer::Create(ToyOptions("person"), Toys(6, false), {}, nullptr);
    ASSERT_TRUE((*t)->Resume(checkpoint).ok());
    for (int i = 0; i < 3; ++i) broken.push_back((*t)->Step()->total);
    SegmentOptions other = ToyOptions("person");
    other.batch = 4;
    auto u = SegmentTrainer::Create(other, Toys(6, false), {}, nullptr);
    EXPECT_FALSE((*u)->Resume(checkpoint).ok()) << "another recipe";
    EXPECT_TRUE((*u)->InitFrom(checkpoint).ok());
  }
  fs::remove(checkpoint);
  for (size_t i = 0; i < straight.size(); ++i)
    EXPECT_NEAR(straight[i], broken[i], 1e-6 * std::abs(straight[i])) << i;
}

TEST(MaskLoss, GradientsAgreeWithDifferences) {
  torch::manual_seed(4);
  for (const int classes : {1, 3}) {
    const torch::Tensor mask = classes == 1 ? torch::rand({2, 16, 16}).round()
                                            : torch::randint(-1, classes, {2, 16, 16}).to(torch::kFloat);
    const torch::Tensor weights = classes == 1 ? torch::Tensor() : torch::tensor({0.5f, 1.0f, 1.5f});
    MaskWeights w;
    MaskLosses losses;
    const torch::Tensor at = torch::randn({2, classes, 16, 16}), direction = torch::randn_like(at);
    torch::Tensor x = at.clone().requires_grad_(true);
    MaskLoss(x, mask, weights, w, &losses).backward();
    const double along = (x.grad() * direction).sum().item<double>();
    const double h = 1e-2;
    const double slope = (MaskLoss(at + h * direction, mask, weights, w, &losses).item<double>() -
                          MaskLoss(at - h * direction, mask, weights, w, &losses).item<double>()) /
                         (2 * h);
    EXPECT_NEAR(along, slope, 5e-3 * x.grad().norm().item<double>());
    EXPECT_GT(std::abs(slope), 0);
  }
}

TEST(MaskLoss, HardPixelsAloneCount) {
  MaskWeights all, hard;
  all.dice = all.boundary = hard.dice = hard.boundary = 0;
  hard.hard_share = 0.25;
  torch::Tensor logits = torch::full({1, 1, 8, 8}, -6.0);
  logits.narrow(2, 0, 2) += 12;  // a quarter wrong
  const torch::Tensor mask = torch::zeros({1, 8, 8});
  MaskLosses a, b;
  MaskLoss(logits, mask, {}, all, &a);
  MaskLoss(logits, mask, {}, hard, &b);
  EXPECT_NEAR(b.cross_entropy / a.cross_entropy, 4, 0.05);
}

TEST(TemporalMaskLoss, FollowsTheMotion) {
  const MaskPairs pairs = Toys(4, false);
  const std::vector<media::RgbImage> none;
  AugmentOptions options;
  options.colour = 0;
  const Augmenter augmenter(pairs, none, options);
  for (uint64_t seed = 1; seed < 6; ++seed) {
    Random random(seed);
    View first, second;
    std::vector<ViewMotion> motion(1);
    augmenter.Draw(random, 96, 64, &first, &second, &motion[0]);
    auto logits = [](const View& v) {
      return torch::from_blob(const_cast<float*>(v.mask.data()), {1, 1, 64, 96}, torch::kFloat) * 12 - 6;
    };
    MaskLosses with, without;
    TemporalMaskLoss(logits(first), logits(second), motion, &with);
    motion[0] = ViewMotion();
    motion[0].m[2] = 20;
    TemporalMaskLoss(logits(first), logits(second), motion, &without);
    EXPECT_LT(with.temporal, 0.03);
    EXPECT_GT(without.temporal, 2 * with.temporal);
  }
}

TEST(MaskModule, TakesAnEncoderAsItIs) {
  torch::manual_seed(5);
  const MaskNet net = *MakeMaskNet("person", {"person"}, 1);
  MaskModule module(net);
  // A file whose weights are 8-bit with a scale.
  Safetensors file;
  const auto put = [&](const std::string& name, std::vector<int64_t> shape) {
    FloatArray array;
    int64_t count = 1;
    for (const int64_t n : shape) count *= n;
    const torch::Tensor numbers = torch::randn({count}) * 0.2;
    array.shape = shape;
    array.values.assign(numbers.data_ptr<float>(), numbers.data_ptr<float>() + count);
    file.arrays[name] = array;
  };
  for (const MaskLayer& l : net.layers) {
    if (l.pretrained.empty()) continue;
    if (l.op == MaskOp::kSqueezeExcite) {
      put(l.pretrained + ".conv_reduce.weight", {l.squeezed, l.in_channels, 1, 1});
      put(l.pretrained + ".conv_reduce.bias", {l.squeezed});
      put(l.pretrained + ".conv_expand.weight", {l.in_channels, l.squeezed, 1, 1});
      put(l.pretrained + ".conv_expand.bias", {l.in_channels});
    } else {
      put(l.pretrained + ".weight", {l.out_channels, l.in_channels / l.groups, l.kernel, l.kernel});
      put(l.pretrained + ".bias", {l.out_channels});
    }
  }
  put("conv_stem.weight_scale", {16});
  const Result<int> taken = module.TakePretrained(file, torch::rand({4, 3, 64, 64}) * 2 - 1);
  ASSERT_TRUE(taken.ok()) << taken.status().message();
  const auto folded = FoldedWeights(module);
  const FloatArray &stem = folded.at("stem.weight"), &from = file.arrays.at("conv_stem.weight"),
                   &scale = file.arrays.at("conv_stem.weight_scale");
  for (size_t i = 0; i < stem.values.size(); ++i)
    EXPECT_NEAR(stem.values[i], from.values[i] * scale.values[i / 27], 1e-4);
  const FloatArray &bias = folded.at("block21_dw.bias"), &said = file.arrays.at("blocks.2.1.conv_dw.bias");
  for (size_t i = 0; i < bias.values.size(); ++i) EXPECT_NEAR(bias.values[i], said.values[i], 2e-3);
  EXPECT_TRUE(module.IsEncoder("stem_weight"));
  EXPECT_FALSE(module.IsEncoder("to8_dw_weight"));
  file.arrays.erase("conv_stem.weight");
  EXPECT_FALSE(module.TakePretrained(file, torch::rand({1, 3, 64, 64})).ok());
}

// What is written is what was trained: in float32 and in 8 bits, for every network.
TEST(ExportMaskNet, RunsAsItTrains) {
  for (const char* name : {"person", "street", "fast-scnn"}) {
    for (const bool int8 : {false, true}) {
      torch::manual_seed(6);
      const std::vector<std::string> classes =
          name[0] == 'p' ? std::vector<std::string>{"person"} : std::vector<std::string>{"a", "b", "c"};
      const MaskNet net = *MakeMaskNet(name, classes, 0.5);
      MaskModule module(net);
      module.train();
      {
        torch::NoGradGuard no_grad;
        for (int i = 0; i < 4; ++i) module.forward(torch::rand({4, 3, 96, 64}) * 2 - 1);
      }
      module.eval();
      module.set_rounds(int8);
      MaskExport how;
      how.int8 = int8;
      how.width = 64;
      how.height = 96;
      const std::string path = Scratch(".onnx");
      ASSERT_TRUE(ExportMaskNet(net, FoldedWeights(module), how, path).ok());
      const torch::Tensor picture = torch::rand({1, 3, 96, 64}) * 2 - 1;
      torch::Tensor expected;
      {
        torch::NoGradGuard no_grad;
        expected = module.forward(picture);
        expected =
            (classes.size() == 1 ? torch::sigmoid(expected) : torch::softmax(expected, 1)).contiguous();
      }
      const Result<std::vector<float>> got = RunInEngine(
          path, std::vector<float>(picture.data_ptr<float>(), picture.data_ptr<float>() + picture.numel()),
          96, 64);
      fs::remove(path);
      ASSERT_TRUE(got.ok()) << name << ": " << got.status().message();
      ASSERT_EQ(static_cast<int64_t>(got->size()), expected.numel());
      for (size_t i = 0; i < got->size(); ++i)
        ASSERT_NEAR((*got)[i], expected.data_ptr<float>()[i], 3e-3)
            << name << (int8 ? " int8" : "") << " at " << i;
    }
  }
}

}  // namespace
}  // namespace tempera::train
