#include "train/motion/unrolled.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdio>
#include <map>

#include "train/autocast.h"
#include "train/export_onnx.h"
#include "train/motion/synthetic.h"
#include "train/run.h"
#include "train/run_in_engine.h"

namespace tempera::train {
namespace {

constexpr int kSize = 48;

std::shared_ptr<TransformerNet> MakeNet(const char* name) {
  torch::manual_seed(7);
  auto net = std::make_shared<TransformerNet>(*MakeNetConfig(name, {"one"}));
  torch::NoGradGuard no_grad;
  for (auto& p : net->named_parameters()) {
    if (p.key().find("_norm_") != std::string::npos) p.value().add_(torch::randn_like(p.value()) * 0.3);
  }
  return net;
}

torch::Tensor Pictures(int n) {
  torch::manual_seed(8);
  return torch::rand({n, 3, kSize, kSize}) * 255;
}

// One style, fine.
RowMix Rows(int n) {
  torch::Tensor rows = torch::zeros({n, 3});
  rows.select(1, 0).fill_(1);
  return {rows, rows, {}};
}

double Difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(Fed, HasRegardToItsOwnPainting) {
  torch::NoGradGuard no_grad;
  const auto net = MakeNet("painter-fed");
  const torch::Tensor x = Pictures(1), before = Pictures(1).flip({3});
  const torch::Tensor alone = net->forward(x, Rows(1));
  EXPECT_EQ(Difference(alone, net->Forward(x, Rows(1), nullptr, torch::zeros_like(x))), 0);
  EXPECT_GT(Difference(alone, net->Forward(x, Rows(1), nullptr, before)), 1);
}

TEST(Fed, BeginsAsTheNetworkThatIsNot) {
  torch::NoGradGuard no_grad;
  const auto painter = MakeNet("painter");
  auto fed = MakeNet("painter-fed");
  EXPECT_EQ(CopyMatchingWeights(*painter, *fed), static_cast<int>(painter->parameters().size()));
  const torch::Tensor x = Pictures(1);
  const torch::Tensor wanted = painter->forward(x, Rows(1));
  for (const torch::Tensor& before : {torch::Tensor(), x.flip({2})})
    EXPECT_LT(Difference(fed->Forward(x, Rows(1), nullptr, before), wanted), 1e-3);
  // Not the other way: what it learnt of its own painting has no place there.
  EXPECT_LT(CopyMatchingWeights(*fed, *painter), static_cast<int>(painter->parameters().size()));
}

TEST(Unrolled, ANetworkWithoutMemoryIsTheSameThereAndBack) {
  torch::NoGradGuard no_grad;
  auto fed = MakeNet("painter-fed");
  CopyMatchingWeights(*MakeNet("painter"), *fed);
  const torch::Tensor x = Pictures(2);
  Random random(3);
  const Unrolled plain = PaintUnrolled(*fed, Rows(2), DrawMotion(x, random), {4, true}, random);
  EXPECT_LT(plain.ping_pong.item<double>(), 1e-9);
  EXPECT_LT(Difference(plain.painted, fed->forward(plain.frame, Rows(2))), 1e-3);
  const Unrolled with_memory =
      PaintUnrolled(*MakeNet("painter-fed"), Rows(2), DrawMotion(x, random), {4, true}, random);
  EXPECT_GT(with_memory.ping_pong.item<double>(), 1e-6);
  const Unrolled without = PaintUnrolled(*fed, Rows(2), DrawMotion(x, random), {4, false}, random);
  EXPECT_EQ(without.ping_pong.item<double>(), 0);
}

TEST(Unrolled, TheSameDrawsGiveTheSameFramesAndAllAreJudged) {
  torch::NoGradGuard no_grad;
  const auto net = MakeNet("painter-fed");
  const torch::Tensor x = Pictures(2);
  std::map<int, int> judged;
  for (int draw = 0; draw < 24; ++draw) {
    Random a(draw), b(draw);
    const MotionPair pair_a = DrawMotion(x, a), pair_b = DrawMotion(x, b);
    const Unrolled one = PaintUnrolled(*net, Rows(2), pair_a, {3, false}, a),
                   two = PaintUnrolled(*net, Rows(2), pair_b, {3, false}, b);
    EXPECT_EQ(Difference(one.painted, two.painted), 0);
    EXPECT_EQ(one.temporal.item<double>(), two.temporal.item<double>());
    if (one.judged == 0) EXPECT_TRUE(torch::equal(one.frame, pair_a.first));
    ++judged[one.judged];
  }
  for (int frame : {0, 1, 2}) EXPECT_GT(judged[frame], 0) << frame;
}

// The loss teaches through the history: gradients reach the weights that only its own painting passes.
TEST(Unrolled, GradientsGoThroughAllFrames) {
  auto net = MakeNet("painter-fed");
  Random random(5);
  const Unrolled unrolled = PaintUnrolled(*net, Rows(2), DrawMotion(Pictures(2), random), {3, true}, random);
  (unrolled.temporal + unrolled.ping_pong).backward();
  const torch::Tensor grad = net->named_parameters()["down1_conv_weight"].grad();
  ASSERT_TRUE(grad.defined());
  EXPECT_GT(grad.narrow(1, 3, 3).abs().max().item<double>(), 0);
}

// In 16 bits too, whatever the first frame is fed with.
TEST(Unrolled, GradientsSurviveAutocast) {
  auto net = MakeNet("painter-fed");
  for (int draw = 0; draw < 12; ++draw) {
    Random random(draw);
    net->zero_grad();
    {
      Bf16Autocast autocast(true);
      const Unrolled unrolled =
          PaintUnrolled(*net, Rows(2), DrawMotion(Pictures(2), random), {2, false}, random);
      unrolled.temporal.backward();
    }
    const torch::Tensor grad = net->named_parameters()["down2_conv_weight"].grad();
    ASSERT_TRUE(grad.defined()) << draw;
    EXPECT_GT(grad.abs().max().item<double>(), 0) << draw;
  }
}

TEST(Fed, TheFileKeepsThePaintingAsItsState) {
  const std::string path = testing::TempDir() + "fed_test.onnx";
  torch::NoGradGuard no_grad;
  const auto net = MakeNet("painter-fed");
  for (auto& p : net->named_parameters()) p.value().copy_(p.value().to(torch::kHalf).to(torch::kFloat));
  Options options;
  options.styles.push_back({"one", "", "One", "", ""});
  ASSERT_TRUE(ExportOnnx(net->config(), PlainWeights(*net),
                         MakeMetadata(options, net->config(), TrainingState{}, ""), path)
                  .ok());
  EXPECT_EQ(ReadMetadata(path)->at("tempera.state.output"), "previous");
  const torch::Tensor x = Pictures(1), before = Pictures(1).flip({3}).contiguous();
  const auto planes = [](const torch::Tensor& t) {
    return std::vector<float>(t.data_ptr<float>(), t.data_ptr<float>() + t.numel());
  };
  const torch::Tensor y = net->Forward(x, Rows(1), nullptr, before).contiguous();
  Result<std::vector<float>> engine =
      RunInEngine(path, planes(x), kSize, kSize, {{"stroke_size", {0}}, {"previous", planes(before)}});
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  const torch::Tensor e = torch::from_blob(engine->data(), y.sizes(), torch::kFloat);
  const double range = (y.max() - y.min()).item<double>();
  EXPECT_GT(range, 10) << "a flat picture proves nothing";
  EXPECT_LT(Difference(e, y) / range, 5e-3);

  // A film through the library: the second frame goes on from the first one's painting, one behind a reset
  // does not.
  const torch::Tensor levels = x.floor();
  const std::vector<float> still = planes(levels.contiguous());
  const auto film = PaintFilm(path, {still, still, still}, kSize, kSize, /*reset=*/2);
  ASSERT_TRUE(film.ok()) << film.status().message();
  EXPECT_EQ((*film)[0], (*film)[2]);
  const RowMix rows = Rows(1);  // as the file paints by itself
  const torch::Tensor first = net->forward(levels, rows), second = net->Forward(levels, rows, nullptr, first);
  EXPECT_GT(Difference(first, second), 3) << "a history without effect proves nothing";
  for (const auto& [wanted, got] : {std::pair{first, (*film)[0]}, std::pair{second, (*film)[1]}}) {
    const torch::Tensor g = torch::tensor(got).view({1, 3, kSize, kSize});
    EXPECT_LT(Difference(wanted.clamp(0, 255), g), 2);
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tempera::train
