// A style from a base, and the encoder that predicts it.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "train/encoder/base.h"
#include "train/encoder/encoder_trainer.h"
#include "train/export_onnx.h"
#include "train/import_onnx.h"
#include "train/run.h"
#include "train/run_in_engine.h"
#include "train/trainer.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

media::RgbImage Noise(int width, int height, uint64_t seed) {
  media::RgbImage image{width, height, {}};
  Random random(seed);
  image.pixels.resize(static_cast<size_t>(width) * height * 3);
  for (uint8_t& p : image.pixels) p = static_cast<uint8_t>(random.Below(256));
  return image;
}

// VGG's shape with random weights.
const Features& RandomVgg() {
  static const Features kVgg = [] {
    const int places[9][3] = {{0, 3, 64},     {2, 64, 64},    {5, 64, 128},   {7, 128, 128}, {10, 128, 256},
                              {12, 256, 256}, {14, 256, 256}, {16, 256, 256}, {19, 256, 512}};
    Safetensors file;
    Random random(9);
    for (const auto& [index, in, out] : places) {
      const std::string prefix = "features." + std::to_string(index);
      FloatArray weight{{out, in, 3, 3}, std::vector<float>(static_cast<size_t>(out) * in * 9)};
      const double bound = std::sqrt(6.0 / (in * 9));
      for (float& v : weight.values) v = static_cast<float>(bound * (2 * random.Uniform() - 1));
      file.arrays[prefix + ".weight"] = std::move(weight);
      file.arrays[prefix + ".bias"] = {{out}, std::vector<float>(out, 0.1f)};
    }
    return MakeFeatureNetwork(file, torch::kCPU).value();
  }();
  return kVgg;
}

// Files of a test, gone with it.
class Encoder : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = testing::TempDir() + "encoder_test_" + info->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string At(const std::string& name) const { return folder_ + "/" + name; }

  // A gallery of three styles whose numbers are all different.
  std::shared_ptr<TransformerNet> Gallery(uint64_t seed = 4) {
    torch::manual_seed(seed);
    auto net = std::make_shared<TransformerNet>(MakeNetConfig("painter", {"one", "two", "three"}).value());
    torch::NoGradGuard no_grad;
    for (auto& p : net->parameters()) p.add_(torch::randn_like(p) * (p.dim() == 4 ? 0.01 : 0.2));
    return net;
  }
  std::string WriteOnnx(const TransformerNet& net, const std::string& name) {
    Options o;
    o.name = "gallery";
    for (const std::string& style : net.config().styles) {
      StyleSource source;
      source.name = source.title = style;
      o.styles.push_back(source);
    }
    TrainingState state;
    state.net = net.config().name;
    EXPECT_TRUE(
        ExportOnnx(net.config(), PlainWeights(net), MakeMetadata(o, net.config(), state, "noise"), At(name))
            .ok());
    return At(name);
  }
  std::string WriteCheckpoint(const TransformerNet& net, const std::string& name) {
    TrainingState state;
    state.net = net.config().name;
    state.styles = net.config().styles;
    EXPECT_TRUE(SaveCheckpoint(At(name), state, net, nullptr).ok());
    return At(name);
  }
  std::string WriteEncoder(const TransformerNet& net, const std::string& body, const std::string& name) {
    const torch::Tensor middle = MiddleRows(net).reshape({-1});
    torch::manual_seed(8);
    StyleEncoder encoder(middle, torch::full_like(middle, 0.3), torch::randn({3, middle.size(0)}));
    EXPECT_TRUE(WriteEncoderFile(encoder.ToFile(body), At(name)).ok());
    return At(name);
  }
  Options FromBase(const std::string& base) {
    Options o;
    o.base = base;
    o.output = At("mine.onnx");
    o.work_dir = At("mine.train");
    o.steps = 6;
    o.size = 64;
    o.batch = 2;
    o.learning_rate = 1e-3;
    o.row_rate = 20;
    o.device = "cpu";
    StyleSource style;
    style.name = style.title = "mine";
    style.fine_size = 64;
    style.bold_size = 96;
    o.styles = {style};
    return o;
  }
  std::unique_ptr<Trainer> MakeTrainer(const Options& o, const TransformerNet& start) {
    std::vector<media::RgbImage> images;
    for (int i = 0; i < 5; ++i) images.push_back(Noise(96, 90, 20 + i));
    auto trainer =
        Trainer::Create(o, RandomVgg(), Photos::FromImages(std::move(images), o.size), {Noise(80, 64, 5)});
    EXPECT_TRUE(trainer.ok()) << trainer.status().message();
    EXPECT_TRUE((*trainer)->StartFrom(start).ok());
    return std::move(*trainer);
  }

  std::string folder_;
};

TEST_F(Encoder, AFileReadBackIsTheNetworkThatWasWritten) {
  auto net = Gallery();
  const std::string first = WriteOnnx(*net, "a.onnx");
  Result<Base> base = LoadBase(first);
  ASSERT_TRUE(base.ok()) << base.status().message();
  EXPECT_EQ(base->net->config().styles, net->config().styles);
  // The same 16 bits when it is written again, and biases within a rounding.
  const NamedArrays a = ReadOnnxArrays(first).value();
  const NamedArrays b = ReadOnnxArrays(WriteOnnx(*base->net, "b.onnx")).value();
  ASSERT_EQ(a.arrays.size(), b.arrays.size());
  int compared = 0;
  for (const auto& [name, array] : a.arrays) {
    const FloatArray& other = b.arrays.at(name);
    ASSERT_EQ(array.shape, other.shape) << name;
    if (name.find("_conv_bias") == std::string::npos) {
      EXPECT_EQ(array.values, other.values) << name;
      ++compared;
    }
    for (size_t i = 0; i < array.values.size(); ++i)
      EXPECT_NEAR(array.values[i], other.values[i], 1e-5 * std::max(1.0f, std::abs(array.values[i]))) << name;
  }
  EXPECT_GT(compared, 28);
  // As far from the network that was trained as 16 bits are, on whatever it paints.
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::rand({1, 3, 48, 40}) * 255;
  torch::Tensor shares = torch::zeros({1, net->config().rows()});
  shares[0][4] = 0.7;
  shares[0][1] = 0.3;
  const torch::Tensor before = net->forward(x, {shares, shares, {}}),
                      after = base->net->forward(x, {shares, shares, {}});
  EXPECT_LT((before - after).abs().max().item<double>(), 0.01 * (before.max() - before.min()).item<double>());
}

TEST_F(Encoder, ABodyIsKnownByItsHash) {
  auto net = Gallery();
  const std::string from_file = LoadBase(WriteOnnx(*net, "a.onnx"))->body;
  EXPECT_EQ(LoadBase(WriteCheckpoint(*net, "a.pt"))->body, from_file);
  {
    torch::NoGradGuard no_grad;
    net->named_parameters()["res1a_norm_weight"].add_(1);
    EXPECT_EQ(LoadBase(WriteOnnx(*net, "rows.onnx"))->body, from_file) << "rows are not the body";
    net->named_parameters()["res1a_conv_weight"].view({-1})[5].add_(0.01);
  }
  EXPECT_NE(LoadBase(WriteOnnx(*net, "other.onnx"))->body, from_file);
}

TEST_F(Encoder, OnlyNetworksOfManyStylesAreABase) {
  auto refused = [](const std::string& path, const std::string& word) {
    const Status status = LoadBase(path).status();
    EXPECT_FALSE(status.ok()) << path;
    EXPECT_NE(status.message().find(word), std::string::npos) << status.message();
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  };
  for (const char* name : {"johnson", "small"}) {
    TransformerNet one(MakeNetConfig(name).value());
    refused(WriteOnnx(one, std::string(name) + ".onnx"), "of one style");
    refused(WriteCheckpoint(one, std::string(name) + ".pt"), "of one style");
  }
  std::ofstream(At("text.onnx")) << "hello";
  refused(At("text.onnx"), "text.onnx");
  refused(At("nowhere.onnx"), "nowhere.onnx");
  // An encoder, and a gallery that lacks a table or has one of another size.
  auto net = Gallery();
  refused(WriteEncoder(*net, "0123", "encoder.onnx"), "not of tempera-train");
  std::map<std::string, FloatArray> weights = PlainWeights(*net);
  ASSERT_TRUE(ExportOnnx(net->config(), weights,
                         {{"tempera.net", "painter"}, {"tempera.styles", "one | two"}}, At("fewer.onnx"))
                  .ok());
  refused(At("fewer.onnx"), "table");
  ASSERT_TRUE(ExportOnnx(net->config(), weights, {{"tempera.net", "painter"}, {"tempera.styles", "one | "}},
                         At("unnamed.onnx"))
                  .ok());
  refused(At("unnamed.onnx"), "name");
}

TEST_F(Encoder, OnlyWhatIsAskedForIsTrained) {
  auto gallery = Gallery();
  const std::string base = WriteOnnx(*gallery, "base.onnx");
  for (const std::string layers : {"rows", "last", "all"}) {
    SCOPED_TRACE(layers);
    Options o = FromBase(base);
    o.train_layers = layers;
    Result<FirstStyle> first = BeginFromBase(o, Noise(80, 64, 5));
    ASSERT_TRUE(first.ok()) << first.status().message();
    EXPECT_FALSE(first->predicted);
    std::unique_ptr<Trainer> trainer = MakeTrainer(o, *first->net);
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(trainer->Step().ok());
    const auto before = first->net->named_parameters(), after = trainer->net().named_parameters();
    const int identity = trainer->net().config().identity_row();
    EXPECT_EQ(identity, 2);
    for (const auto& item : after) {
      const torch::Tensor& was = before[item.key()];
      const bool same = torch::equal(item.value(), was);
      if (item.key().find("_norm_") != std::string::npos) {
        EXPECT_FALSE(torch::equal(item.value()[0], was[0])) << item.key();
        EXPECT_FALSE(torch::equal(item.value()[1], was[1])) << item.key();
        if (layers == "rows") EXPECT_TRUE(torch::equal(item.value()[identity], was[identity])) << item.key();
        continue;
      }
      const std::string layer = item.key().substr(0, item.key().find('_'));
      const bool last = layer == "up2" || layer == "up3" || layer == "out";
      const bool trains = layers == "all" || (layers == "last" && last);
      // A bias before a norm has no say in anything, and so may stay.
      if (item.key().find("_conv_weight") != std::string::npos) EXPECT_EQ(!same, trains) << item.key();
      if (!trains) EXPECT_TRUE(same) << item.key();
    }
  }
}

TEST_F(Encoder, TrainingARowResumesExactly) {
  auto gallery = Gallery();
  Options o = FromBase(WriteOnnx(*gallery, "base.onnx"));
  FirstStyle first = std::move(BeginFromBase(o, Noise(80, 64, 5))).value();
  std::unique_ptr<Trainer> whole = MakeTrainer(o, *first.net);
  std::vector<double> losses;
  for (int i = 0; i < 6; ++i) losses.push_back(whole->Step()->total);
  std::unique_ptr<Trainer> half = MakeTrainer(o, *first.net);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(half->Step()->total, losses[i]);
  ASSERT_TRUE(half->Save(At("half.pt")).ok());
  std::unique_ptr<Trainer> rest = MakeTrainer(o, *first.net);
  const Status status = rest->ResumeFrom(At("half.pt"));
  ASSERT_TRUE(status.ok()) << status.message();
  for (int i = 3; i < 6; ++i) EXPECT_EQ(rest->Step()->total, losses[i]);
  // Of another body it is refused.
  Options other = FromBase(WriteOnnx(*Gallery(77), "other.onnx"));
  FirstStyle elsewhere = std::move(BeginFromBase(other, Noise(80, 64, 5))).value();
  EXPECT_EQ(MakeTrainer(other, *elsewhere.net)->ResumeFrom(At("half.pt")).code(),
            StatusCode::kInvalidArgument);
}

TEST_F(Encoder, TheEngineRunsTheFileAsLibtorchDoes) {
  auto net = Gallery();
  const std::string path = WriteEncoder(*net, "00ff", "encoder.onnx");
  EXPECT_LT(fs::file_size(path), 1024 * 1024);
  Result<EncoderFile> file = ReadEncoderFile(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->body, "00ff");
  EXPECT_EQ(file->numbers, 2 * RowLength(net->config()));
  StyleEncoder encoder(*file);
  torch::NoGradGuard no_grad;
  for (auto [h, w] : {std::pair<int, int>{32, 32}, {320, 213}, {37, 320}}) {
    torch::Tensor x = torch::rand({1, 3, h, w}) * 255;
    const torch::Tensor y = encoder.forward(x).contiguous();
    Result<std::vector<float>> engine =
        RunInEngine(path, {x.data_ptr<float>(), x.data_ptr<float>() + x.numel()}, h, w);
    ASSERT_TRUE(engine.ok()) << engine.status().message();
    ASSERT_EQ(engine->size(), static_cast<size_t>(y.numel()));
    const torch::Tensor e = torch::from_blob(engine->data(), y.sizes(), torch::kFloat);
    EXPECT_GT(y.std().item<double>(), 0.01);
    EXPECT_LT((e - y).abs().max().item<double>(), 1e-3 * (1 + y.abs().max().item<double>()));
  }
}

TEST_F(Encoder, PredictsARowOfAnyPicture) {
  auto net = Gallery();
  const std::string base = WriteOnnx(*net, "base.onnx");
  Options o = FromBase(base);
  o.predict_only = true;
  // Without an encoder that is not possible, and nothing is written.
  Status status = WriteFirstStyle(o, Noise(50, 40, 1)).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(o.output));
  // One made for another body is refused, also when it is found beside the base.
  WriteEncoder(*net, "0123456789abcdef", "style-encoder.onnx");
  status = WriteFirstStyle(o, Noise(50, 40, 1)).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("another network"), std::string::npos) << status.message();
  EXPECT_FALSE(fs::exists(o.output));

  WriteEncoder(*net, LoadBase(base)->body, "style-encoder.onnx");
  std::vector<torch::Tensor> rows;
  for (auto [w, h] : {std::pair<int, int>{1, 1}, {2000, 3}, {3, 900}, {50, 40}, {4200, 3100}}) {
    SCOPED_TRACE(std::to_string(w) + "x" + std::to_string(h));
    Result<FirstStyle> first = WriteFirstStyle(o, Noise(w, h, 1));
    ASSERT_TRUE(first.ok()) << first.status().message();
    EXPECT_TRUE(first->predicted);
    Result<Base> written = LoadBase(o.output);  // a base itself
    ASSERT_TRUE(written.ok()) << written.status().message();
    EXPECT_EQ(written->body, first->base.body);
    EXPECT_EQ(written->net->config().styles, std::vector<std::string>{"mine"});
    const torch::Tensor table = RowTable(*written->net);
    EXPECT_TRUE(torch::isfinite(table).all().item<bool>());
    rows.push_back(table[0]);
  }
  EXPECT_GT((rows[0] - rows[3]).abs().max().item<double>(), 1e-3) << "of the picture, not the same for all";
}

TEST_F(Encoder, ForeignFilesAreNoEncoder) {
  auto net = Gallery();
  const Status style = ReadEncoderFile(WriteOnnx(*net, "style.onnx")).status();
  EXPECT_EQ(style.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(style.message().find("no style encoder"), std::string::npos);
  EncoderFile file = ReadEncoderFile(WriteEncoder(*net, "00", "e.onnx")).value();
  // Started from in other units, it says the same.
  const torch::Tensor middle = torch::randn({file.numbers}), spread = torch::rand({file.numbers}) + 0.1;
  StyleEncoder other(middle, spread, torch::zeros({1, file.numbers})), same(file);
  ASSERT_TRUE(other.StartFrom(file).ok());
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::rand({1, 3, 40, 50}) * 255;
  EXPECT_LT((other.forward(x) - same.forward(x)).abs().max().item<double>(), 1e-4);
  file.weights.erase("code_bias");
  EXPECT_EQ(WriteEncoderFile(file, At("lacking.onnx")).code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(At("lacking.onnx")));
}

EncoderOptions TinyEncoderRun() {
  EncoderOptions o;
  o.size = 32;
  o.batch = 1;
  o.steps = 36;
  o.row_steps = 30;
  o.fine_size = 48;
  o.bold_size = 64;
  return o;
}

TEST_F(Encoder, LearnsAndResumesExactly) {
  auto net = Gallery();
  const std::string path = WriteOnnx(*net, "base.onnx");
  std::vector<Painting> paintings;
  for (int i = 0; i < 5; ++i)
    paintings.push_back({"p" + std::to_string(i), Noise(40 + 8 * i, 48, 60 + i), i < 2 ? i : -1});
  EncoderOptions o = TinyEncoderRun();
  o.work_dir = folder_;
  fs::create_directories(At("targets"));
  auto make = [&] {
    std::vector<media::RgbImage> images;
    for (int i = 0; i < 5; ++i) images.push_back(Noise(50, 48, 20 + i));
    return EncoderTrainer::Create(o, RandomVgg(), 1, Photos::FromImages(std::move(images), o.size), paintings,
                                  LoadBase(path).value())
        .value();
  };
  auto whole = make();
  std::vector<double> losses;
  while (!whole->done()) losses.push_back(whole->Step()->total);
  ASSERT_EQ(losses.size(), 36u);
  EXPECT_LT(losses[29], 0.8 * losses[0]) << "towards known rows";
  EXPECT_GT(losses[30], losses[29]) << "then by what is painted";
  auto half = make();
  for (int i = 0; i < 33; ++i) EXPECT_EQ(half->Step()->total, losses[i]);
  ASSERT_TRUE(half->Save(At("half.pt")).ok());
  auto rest = make();
  const Status status = rest->ResumeFrom(At("half.pt"));
  ASSERT_TRUE(status.ok()) << status.message();
  for (int i = 33; i < 36; ++i) EXPECT_EQ(rest->Step()->total, losses[i]);
  // The base is as it was.
  for (const auto& item : LoadBase(path)->net->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), rest->base().net->named_parameters()[item.key()])) << item.key();
  o.seed = 2;
  EXPECT_EQ(make()->ResumeFrom(At("half.pt")).code(), StatusCode::kInvalidArgument);
}

TEST_F(Encoder, KeptTargetsAreThoseThatWereMeasured) {
  torch::manual_seed(1);
  const torch::Tensor crops = torch::rand({8, 3, 32, 32}) * 255;
  const media::RgbImage painting = Noise(40, 30, 3);
  torch::NoGradGuard no_grad;
  std::vector<FeatureMap> features;
  for (int level = 0; level < kTargetLevels; ++level)
    features.push_back(
        RandomVgg()->Forward(AtTargetLevel(crops.narrow(0, 3, 2), level), RandomVgg()->StyleLayers()));
  std::vector<double> values;
  for (const std::string& folder : {folder_, folder_, std::string()}) {
    Targets targets(RandomVgg(), crops, folder, 7);
    values.push_back((*targets.Of(painting, 48))->Style(features, 1).item<double>());
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  EXPECT_GT(values[0], 0);
  EXPECT_EQ(values[0], values[1]);
  EXPECT_EQ(values[0], values[2]);
  // A file that is cut is measured anew.
  const fs::path kept = fs::directory_iterator(folder_)->path();
  fs::resize_file(kept, fs::file_size(kept) / 2);
  Targets targets(RandomVgg(), crops, folder_, 7);
  EXPECT_EQ((*targets.Of(painting, 48))->Style(features, 1).item<double>(), values[0]);
}

TEST_F(Encoder, KeepsTheSamePaintingsOutAndNeverAStyle) {
  for (int i = 0; i < 16; ++i)
    ASSERT_TRUE(media::WriteImage(At("p" + std::to_string(i) + ".png"), Noise(20, 20, i)).ok());
  std::ofstream(At("broken.jpg")) << "no picture";
  std::ofstream(At("notes.txt")) << "no picture at all";
  std::vector<StyleSource> gallery(3);
  for (int i = 0; i < 3; ++i) {
    gallery[i].name = "style-" + std::to_string(i);
    gallery[i].picture = At("p" + std::to_string(i) + ".png");
  }
  int unreadable = 0;
  auto names = [](const std::vector<Painting>& paintings) {
    std::vector<std::string> all;
    for (const Painting& p : paintings) all.push_back(p.name);
    return all;
  };
  Result<Paintings> first = LoadPaintings({folder_}, gallery, {"style-1", "style-0", "style-2"}, &unreadable);
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_EQ(unreadable, 1);
  EXPECT_EQ(first->held_out.size(), 10u);
  EXPECT_EQ(first->learnt.size(), 6u);
  for (const Painting& p : first->held_out) EXPECT_LT(p.style, 0) << p.name;
  int known = 0;
  for (const Painting& p : first->learnt) {
    if (p.name == "p0") EXPECT_EQ(p.style, 1);
    known += p.style >= 0 ? 1 : 0;
  }
  EXPECT_EQ(known, 3);
  Result<Paintings> second =
      LoadPaintings({folder_, folder_}, gallery, {"style-1", "style-0", "style-2"}, &unreadable);
  EXPECT_EQ(names(second->held_out), names(first->held_out));
  EXPECT_EQ(LoadPaintings({At("nowhere")}, {}, {}, &unreadable).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace tempera::train
