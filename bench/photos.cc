// Whether precision auto keeps its promise on pictures that nobody calibrated on: its painting beside that of
// fp32 on photographs, as JSON, one row a network.
//   bench_photos FOLDER COUNT MODEL[@WxH[@LOW..HIGH]] ...
// COUNT photographs in FOLDER and below (evenly chosen by path, scaled to fill the size) go through each
// model; the worst of its outputs counts. The peak of a PSNR is what fp32's output spans on all photographs
// together, or the range of pictures where that is less; "own" is the same with what it spans on that very
// picture, which is strict with a mask of nothing. Without a size the model's own, or 320x240; without a
// range the declared one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/engine/facts/ranges.h"
#include "src/engine/run/session.h"

namespace tempera::bench {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct Network {
  fs::path file;
  int width = 0, height = 0;
  std::optional<engine::ValueRange> range;
};

bool ParseNetwork(const std::string& text, Network* out) {
  const size_t size = text.find('@');
  out->file = text.substr(0, size);
  if (size == std::string::npos) return true;
  const size_t range = text.find('@', size + 1);
  if (std::sscanf(text.c_str() + size, "@%dx%d", &out->width, &out->height) != 2) return false;
  if (range == std::string::npos) return true;
  return engine::ParseValueRange(text.substr(range + 1), &out->range.emplace());
}

// Where height, width and channels of the picture lie, and how many there are.
struct Layout {
  bool nhwc = false;
  int64_t channels = 3, height = 240, width = 320;
};

Layout LayoutOf(const graph::Graph& graph, const Network& network) {
  const Shape& s = graph.value(graph.inputs[0]).info.shape;
  Layout at;
  at.nhwc = s.size() == 4 && (s[3] == 1 || s[3] == 3 || s[3] == 4) && s[1] != 1 && s[1] != 3 && s[1] != 4;
  if (s.size() == 4) {
    at.channels = at.nhwc ? s[3] : s[1];
    if (s[at.nhwc ? 1 : 2] > 0) at.height = s[at.nhwc ? 1 : 2];
    if (s[at.nhwc ? 2 : 3] > 0) at.width = s[at.nhwc ? 2 : 3];
  }
  if (network.width > 0) at.width = network.width, at.height = network.height;
  return at;
}

void Fill(const media::RgbImage& photo, const Layout& at, const engine::ValueRange& range, Tensor& input) {
  float* numbers = input.data<float>();
  const int64_t plane = at.width * at.height;
  for (int64_t i = 0; i < plane; ++i) {
    for (int64_t c = 0; c < at.channels; ++c) {
      const float share = photo.pixels[static_cast<size_t>(3 * i + c % 3)] / 255.0f;
      numbers[at.nhwc ? i * at.channels + c : c * plane + i] = range.low + (range.high - range.low) * share;
    }
  }
}

// What one output says of one picture.
struct Difference {
  double mean_square = 0;  // -1: a number that is not finite
  float low = 0, high = 0;
};

Difference Compare(std::span<const float> painted, std::span<const float> truth) {
  Difference d;
  for (size_t i = 0; i < truth.size(); ++i) {
    if (!std::isfinite(painted[i]) || !std::isfinite(truth[i])) return {-1, 0, 0};
    d.low = i == 0 ? truth[i] : std::min(d.low, truth[i]);
    d.high = i == 0 ? truth[i] : std::max(d.high, truth[i]);
    d.mean_square +=
        std::pow(static_cast<double>(painted[i]) - truth[i], 2) / static_cast<double>(truth.size());
  }
  return d;
}

double PsnrDb(const Difference& d, double peak) {
  if (d.mean_square < 0) return 0;
  return d.mean_square == 0 ? 200 : std::clamp(10 * std::log10(peak * peak / d.mean_square), 0.0, 200.0);
}

std::vector<fs::path> Choose(const fs::path& folder, size_t count) {
  std::vector<fs::path> all, chosen;
  std::error_code missing;
  for (const auto& entry : fs::recursive_directory_iterator(folder, missing)) {
    const std::string kind = entry.path().extension();
    if (kind == ".jpg" || kind == ".jpeg" || kind == ".png") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  count = std::min(count, all.size());
  for (size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
  return chosen;
}

std::string RangeText(const engine::ValueRange& range) {
  char text[64];
  std::snprintf(text, sizeof text, "%g..%g", static_cast<double>(range.low), static_cast<double>(range.high));
  return text;
}

Json Row(const Network& network, const Layout& at, const engine::Session& fast,
         const engine::ValueRange& range, const std::vector<fs::path>& photos,
         const std::vector<std::vector<Difference>>& all) {
  const double most = static_cast<double>(range.high) - range.low;
  std::vector<Difference> spans = all.front();
  for (const auto& outputs : all) {
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o].mean_square < 0) continue;
      spans[o].low = std::min(spans[o].low, outputs[o].low);
      spans[o].high = std::max(spans[o].high, outputs[o].high);
    }
  }
  std::vector<std::pair<double, std::string>> found;
  std::vector<double> own;
  for (size_t i = 0; i < all.size(); ++i) {
    double worst = 200, worst_own = 200;
    for (size_t o = 0; o < all[i].size(); ++o) {
      const Difference& d = all[i][o];
      worst = std::min(worst, PsnrDb(d, std::min<double>(most, spans[o].high - spans[o].low)));
      worst_own = std::min(worst_own, PsnrDb(d, std::min<double>(most, d.high - d.low)));
    }
    found.emplace_back(worst, photos[i].filename().string());
    own.push_back(worst_own);
  }
  std::sort(found.begin(), found.end());
  std::sort(own.begin(), own.end());
  const auto below = std::count_if(found.begin(), found.end(), [](const auto& f) { return f.first < 33; });
  return Json{{"network", network.file.stem().string()},
              {"size", std::to_string(at.width) + "x" + std::to_string(at.height)},
              {"range", RangeText(range)},
              {"chosen", fast.precision().chosen},
              {"promised_db", fast.precision().psnr_db},
              {"worst_db", found.front().first},
              {"median_db", found[found.size() / 2].first},
              {"below_33", below},
              {"own_worst_db", own.front()},
              {"own_median_db", own[own.size() / 2]},
              {"worst_photo", found.front().second},
              {"photographs", found.size()}};
}

Result<Json> Measure(const Network& network, const std::vector<fs::path>& photos) {
  TEMPERA_ASSIGN_OR_RETURN(const engine::ModelPtr model, engine::LoadModelFile(network.file.string()));
  if (model->inputs.size() != 1) return Unsupported("has several inputs");
  const Layout at = LayoutOf(*model, network);
  const engine::ValueRange range = network.range.value_or(engine::DeclaredValueRange(*model));
  engine::SessionOptions options;
  options.input_range = range;
  const Shape shape =
      at.nhwc ? Shape{1, at.height, at.width, at.channels} : Shape{1, at.channels, at.height, at.width};
  TEMPERA_ASSIGN_OR_RETURN(const auto exact, engine::Session::Create(model, {shape}, options));
  options.precision = engine::Precision::kAuto;
  // 8 bits wherever the pictures bear them, also where this machine is no faster with them.
  options.plain_dot_kernels = std::getenv("TEMPERA_ANY_SPEED") != nullptr;
  TEMPERA_ASSIGN_OR_RETURN(const auto fast, engine::Session::Create(model, {shape}, options));
  std::vector<std::vector<Difference>> all;  // by photograph and output
  for (const fs::path& file : photos) {
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage picture, media::ReadImage(file.string()));
    TEMPERA_ASSIGN_OR_RETURN(
        const media::RgbImage photo,
        media::ResizeImage(picture, static_cast<int>(at.width), static_cast<int>(at.height)));
    Fill(photo, at, range, exact->input(0));
    Fill(photo, at, range, fast->input(0));
    TEMPERA_RETURN_IF_ERROR(exact->Run());
    TEMPERA_RETURN_IF_ERROR(fast->Run());
    std::vector<Difference>& outputs = all.emplace_back();
    for (size_t o = 0; o < exact->output_count(); ++o) {
      if (exact->output(o).dtype() != DataType::kFloat32) continue;
      outputs.push_back(Compare(fast->output(o).span<float>(), exact->output(o).span<float>()));
    }
  }
  return Row(network, at, *fast, range, photos, all);
}

int Main(int argc, char** argv) {
  const std::vector<fs::path> photos = Choose(argv[1], std::strtoul(argv[2], nullptr, 10));
  if (photos.empty()) {
    std::fprintf(stderr, "bench_photos: no photographs in %s\n", argv[1]);
    return 1;
  }
  Json rows = Json::array();
  for (int i = 3; i < argc; ++i) {
    Network network;
    if (!ParseNetwork(argv[i], &network)) {
      std::fprintf(stderr, "bench_photos: '%s' is not MODEL@WxH@LOW..HIGH\n", argv[i]);
      return 2;
    }
    const Result<Json> row = Measure(network, photos);
    if (!row.ok()) {
      std::fprintf(stderr, "bench_photos: %s: %s\n", argv[i], row.status().message().c_str());
      continue;
    }
    std::fprintf(stderr, "%s\n", row->dump().c_str());
    rows.push_back(*row);
  }
  std::printf("%s\n", rows.dump(1).c_str());
  return rows.empty() ? 1 : 0;
}

}  // namespace
}  // namespace tempera::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_photos FOLDER COUNT MODEL[@WxH[@LOW..HIGH]] ...\n");
    return 2;
  }
  return tempera::bench::Main(argc, argv);
}
