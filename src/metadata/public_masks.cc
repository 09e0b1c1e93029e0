#include "src/metadata/public_masks.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tempera::metadata {
namespace {

using graph::Graph;

// What recognises something in a picture takes more layers; a graph of fewer was written by hand.
constexpr int kLeastConvolutions = 8;

struct Seen {
  const Graph& model;
  size_t picture_input, masks;
  const PictureForm &in, &out;

  int count(std::string_view op) const {
    return static_cast<int>(std::count_if(model.nodes.begin(), model.nodes.end(),
                                          [&](const graph::Node& node) { return node.op_type == op; }));
  }
  std::string_view input() const { return model.value(model.inputs[picture_input]).name; }
  std::string_view output() const { return model.value(model.outputs[0]).name; }
  bool has_input(std::string_view name) const {
    return std::any_of(model.inputs.begin(), model.inputs.end(),
                       [&](graph::ValueId v) { return model.value(v).name == name; });
  }
  bool channels_last() const { return in.at == Channels::kLast; }
  bool open_size() const {
    const auto& dims = model.input_dims[picture_input];
    return dims.size() != 4 || dims[2].value < 0 || dims[3].value < 0;
  }
};

struct Known {
  std::string_view network;
  bool (*is)(const Seen&);
  std::string_view what;  // in words
  std::string_view range, mean, deviation, layout;
  std::string_view long_side = "";  // where the size is open
};

constexpr std::string_view kImageNetMean = "0.485,0.456,0.406", kImageNetDeviation = "0.229,0.224,0.225";

// The likeliest first. As their repositories have it, in the code that goes with the exported files.
constexpr Known kKnown[] = {
    // Lin et al. 2021; its exporter names the ends.
    {"Robust Video Matting", [](const Seen& s) { return s.input() == "src" && s.has_input("r1i"); }, "0..1",
     "0..1", "", "", ""},
    // Park et al. 2019: mean and deviation of 0..255, and another division by 255 behind them.
    {"SINet",
     [](const Seen& s) { return s.input() == "data" && s.out.channels == 2 && s.count("PRelu") > 8; },
     "blue first, its own mean and deviation", "0..255", "107.304565,115.69884,132.35703",
     "16312.8141,16609.0935,17415.8013", "BGR"},
    // Qin et al. 2020: seven maps, the first of them fused of the others.
    {"U2-Net", [](const Seen& s) { return s.masks == 7 && s.out.channels == 1; },
     "ImageNet's mean and deviation", "0..1", kImageNetMean, kImageNetDeviation, ""},
    // Ke et al. 2022: half of its channels are normalised by instance.
    {"MODNet",
     [](const Seen& s) {
       return s.out.channels == 1 && s.count("InstanceNormalization") > 4 && s.count("Sigmoid") > 0;
     },
     "-1..1", "-1..1", "", "", "", "512"},
    // PaddleSeg's; Paddle's tensors are called "x.tmp_0".
    {"PP-HumanSeg",
     [](const Seen& s) {
       return (s.input() == "x" || s.input() == "image") &&
              (s.output().find(".tmp_") != std::string_view::npos || s.output().starts_with("p2o.") ||
               s.output().starts_with("fetch_name"));
     },
     "-1..1", "-1..1", "", "", ""},
    // Yu et al. 2020, exported by its PyTorch version, trained on Cityscapes.
    {"BiSeNet", [](const Seen& s) { return s.input() == "input_image" && s.output().starts_with("preds"); },
     "Cityscapes' mean and deviation", "0..1", "0.3257,0.3690,0.3223", "0.2112,0.2148,0.2115", ""},
    // Prisma's portraits, from Keras through Core ML.
    {"Prisma-Net",
     [](const Seen& s) { return s.input().starts_with("input_") && s.output().starts_with("permute"); },
     "0..1", "0..1", "", "", ""},
    // MediaPipe's selfie segmentation and its like: TensorFlow's order of numbers, few classes.
    {"", [](const Seen& s) { return s.channels_last() && s.out.channels <= 8; }, "0..1", "0..1", "", "", ""},
    // DeepLab on MobileNet, as TensorFlow has it.
    {"", [](const Seen& s) { return s.channels_last(); }, "-1..1", "-1..1", "", "", ""},
    {"", [](const Seen&) { return true; }, "ImageNet's mean and deviation", "0..1", kImageNetMean,
     kImageNetDeviation, ""}};

}  // namespace

MaskInput RecogniseMaskInput(const Graph& model, size_t picture_input, size_t masks, const PictureForm& in,
                             const PictureForm& out) {
  const Seen seen = {model, picture_input, masks, in, out};
  if (seen.count("Conv") + seen.count("QLinearConv") < kLeastConvolutions) return {};
  const Known& found =
      *std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return k.is(seen); });
  MaskInput input;
  const auto say = [&](const char* key, std::string_view value) {
    if (!value.empty()) input.said.emplace_back(key, value);
  };
  say("tempera.value_range", found.range);
  say("tempera.mean", found.mean);
  say("tempera.std", found.deviation);
  if (FindMetadata(model, "tempera.layout") == nullptr) say("tempera.layout", found.layout);
  if (seen.open_size() && FindMetadata(model, "tempera.mask.long_side") == nullptr)
    say("tempera.mask.long_side", found.long_side);
  const std::string what(found.what);
  input.notice =
      (found.network.empty() ? "nothing says what its input's numbers are, and it is given " + what
                             : "it is taken for " + std::string(found.network) + " and given " + what) +
      "; metadata tempera.value_range says otherwise";
  return input;
}

}  // namespace tempera::metadata
