#include "train/net_config.h"

#include <tuple>
#include <utility>

namespace tempera::train {
namespace {

// How wide and how deep one member of the family is.
struct Widths {
  int first_kernel;
  int half_in;   // channels at 1/2 size on the way down
  int quarter;   // channels at 1/4 size, where the heavy layers are
  int blocks;    // residual blocks at 1/4 size
  int half_out;  // channels at 1/2 size on the way up
  int full;      // channels at full size
  int last_kernel;
};

NetConfig CompactNet(std::string name, const Widths& w) {
  NetConfig config{std::move(name), {}};
  auto add = [&](std::string layer, int in, int out, int kernel) -> LayerSpec& {
    config.layers.push_back(
        {.name = std::move(layer), .in_channels = in, .out_channels = out, .kernel = kernel});
    return config.layers.back();
  };
  add("down1", 3, w.half_in, w.first_kernel).stride = 2;
  add("down2", w.half_in, w.quarter, 3).stride = 2;
  for (int b = 1; b <= w.blocks; ++b) {
    const std::string block = "res" + std::to_string(b);
    add(block + "a", w.quarter, w.quarter, 3);
    LayerSpec& second = add(block + "b", w.quarter, w.quarter, 3);
    second.relu = false;
    second.residual = true;
  }
  add("up1", w.quarter, w.half_out, 3).upsample = true;
  add("up2", w.half_out, w.full, 3).upsample = true;
  LayerSpec& last = add("out", w.full, 3, w.last_kernel);
  last.norm = false;
  last.relu = false;
  return config;
}

// Johnson's first layer works at full size: 9x9, then two halvings.
NetConfig JohnsonNet(std::string name, int full, int half, int quarter, int blocks) {
  NetConfig config = CompactNet(std::move(name), {.first_kernel = 9,
                                                  .half_in = half,
                                                  .quarter = quarter,
                                                  .blocks = blocks,
                                                  .half_out = half,
                                                  .full = full,
                                                  .last_kernel = 9});
  LayerSpec first = config.layers[0];
  first.name = "in";
  first.out_channels = full;
  first.stride = 1;
  LayerSpec& down1 = config.layers[0];
  down1.in_channels = full;
  down1.kernel = 3;
  config.layers.insert(config.layers.begin(), first);
  return config;
}

// Most of the arithmetic at an eighth of the size, where a 3x3 layer sees 24 pixels and strokes can be long.
// What the quarter knew goes round it (`skip`): strokes and edges are not bound to a raster of 8 pixels.
NetConfig PainterNet(std::string name, std::vector<std::string> styles, bool fed) {
  constexpr int kHalf = 16, kQuarter = 32, kEighth = 64, kInner = 48, kFull = 8, kBlocks = 2;
  NetConfig config{std::move(name), {}, 8, std::move(styles), fed};
  auto add = [&](std::string layer, int in, int out, int kernel) -> LayerSpec& {
    config.layers.push_back(
        {.name = std::move(layer), .in_channels = in, .out_channels = out, .kernel = kernel});
    return config.layers.back();
  };
  LayerSpec& first = add("down1", fed ? 6 : 3, kHalf, 5);
  first.stride = 2;
  first.fine = true;
  add("down2", kHalf, kQuarter, 3).stride = 2;
  add("down3", kQuarter, kEighth, 3).stride = 2;
  for (int b = 1; b <= kBlocks; ++b) {
    const std::string block = "res" + std::to_string(b);
    add(block + "a", kEighth, kInner, 3);
    LayerSpec& second = add(block + "b", kInner, kEighth, 3);
    second.relu = false;
    second.residual = true;
  }
  LayerSpec& up1 = add("up1", kEighth, kQuarter, 3);
  up1.upsample = true;
  up1.skip = "down2";
  for (auto [name, in, out] : {std::tuple("up2", kQuarter, kHalf), std::tuple("up3", kHalf, kFull)}) {
    LayerSpec& up = add(name, in, out, 3);
    up.upsample = true;
    up.fine = true;
  }
  LayerSpec& last = add("out", kFull, 3, 5);
  last.norm = false;
  last.relu = false;
  return config;
}

}  // namespace

Result<NetConfig> MakeNetConfig(const std::string& name, std::vector<std::string> styles) {
  if (name == "painter" || name == "painter-fed") {
    if (styles.empty())
      return InvalidArgument("the network '" + name + "' needs the name of a style at least");
    return PainterNet(name, std::move(styles), name == "painter-fed");
  }
  if (styles.size() > 1) {
    return InvalidArgument("the network '" + name + "' paints one style, not " +
                           std::to_string(styles.size()) + ": choose painter");
  }
  if (name == "small") {
    return CompactNet(name, {.first_kernel = 5,
                             .half_in = 16,
                             .quarter = 32,
                             .blocks = 3,
                             .half_out = 16,
                             .full = 8,
                             .last_kernel = 5});
  }
  if (name == "tiny") {
    return CompactNet(name, {.first_kernel = 5,
                             .half_in = 12,
                             .quarter = 24,
                             .blocks = 2,
                             .half_out = 12,
                             .full = 6,
                             .last_kernel = 5});
  }
  if (name == "johnson") return JohnsonNet(name, 32, 64, 128, 5);
  if (name == "reconet") return JohnsonNet(name, 48, 96, 192, 5);
  if (name == "reconet-edge") return JohnsonNet(name, 32, 64, 128, 4);
  return InvalidArgument("unknown network '" + name +
                         "': choose painter, painter-fed, small, tiny, johnson, reconet or reconet-edge");
}

int64_t CountParameters(const NetConfig& config) {
  int64_t n = 0;
  for (const LayerSpec& l : config.layers) {
    n += static_cast<int64_t>(l.in_channels) * l.out_channels * l.kernel * l.kernel + l.out_channels;
    if (l.norm) n += 2 * static_cast<int64_t>(l.out_channels) * config.rows();
  }
  return n;
}

int64_t CountMacs(const NetConfig& config, int64_t width, int64_t height) {
  int64_t macs = 0;
  for (const LayerSpec& l : config.layers) {
    width = (l.upsample ? width * 2 : width) / l.stride;
    height = (l.upsample ? height * 2 : height) / l.stride;
    macs += width * height * l.in_channels * l.out_channels * l.kernel * l.kernel;
  }
  return macs;
}

}  // namespace tempera::train
