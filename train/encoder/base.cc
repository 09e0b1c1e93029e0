#include "train/encoder/base.h"

#include <torch/torch.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "train/encoder/encoder_file.h"
#include "train/encoder/style_encoder.h"
#include "train/import_onnx.h"
#include "train/photos.h"
#include "train/preview.h"
#include "train/run.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

// libtorch's checkpoints are zip archives.
bool IsCheckpoint(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  char first[2] = {};
  return in.read(first, 2) && first[0] == 'P' && first[1] == 'K';
}

// "" where there is none.
std::string FindEncoder(const Options& options) {
  if (!options.encoder.empty()) return options.encoder;
  const fs::path folder = fs::path(options.base).parent_path();
  std::error_code error;
  for (const fs::path& place : {folder / "style-encoder.onnx", folder / "train" / "style-encoder.onnx"}) {
    if (fs::is_regular_file(place, error)) return place.string();
  }
  return "";
}

// The photograph of the first preview: as asked, or the bundled one beside the base, or the painting.
Result<std::vector<media::RgbImage>> FirstPhotos(const Options& options, const media::RgbImage& painting) {
  std::vector<std::string> paths = options.preview_photos;
  std::error_code error;
  const fs::path sample = fs::path(options.base).parent_path() / "sample.jpg";
  if (paths.empty() && fs::is_regular_file(sample, error)) paths.push_back(sample.string());
  std::vector<media::RgbImage> photos;
  for (const std::string& path : paths) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage photo, media::ReadImage(path));
    TEMPERA_ASSIGN_OR_RETURN(photo, FitForNet(photo, 480));
    photos.push_back(std::move(photo));
  }
  if (photos.empty()) {
    if (Result<media::RgbImage> fit = FitForNet(painting, 480); fit.ok()) photos.push_back(std::move(*fit));
  }
  return photos;
}

}  // namespace

Result<Base> LoadBase(const std::string& path) {
  Base base;
  if (IsCheckpoint(path)) {
    TEMPERA_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadCheckpoint(path));
    if (!loaded.net->config().conditional()) {
      return InvalidArgument("'" + path + "' is of a '" + loaded.state.net +
                             "' network of one style: a base is one of many styles (--net painter)");
    }
    base.net = std::move(loaded.net);
  } else {
    TEMPERA_ASSIGN_OR_RETURN(StyleFile file, ReadStyleFile(path));
    base.net = std::make_shared<TransformerNet>(file.config);
    TEMPERA_RETURN_IF_ERROR(SetPlainWeights(file.weights, *base.net));
    base.trained_on = file.metadata["tempera.trained_on"];
    base.stroke_period = file.metadata["tempera.stroke_period"];
  }
  if (base.net->config().fed) {
    return InvalidArgument(
        "'" + path + "' is fed with its own painting, which a base is not: give a file of --net painter");
  }
  base.body = BodyHash(base.net->config(), PlainWeights(*base.net));
  return base;
}

torch::Tensor MiddleRows(const TransformerNet& base) {
  const auto styles = static_cast<int64_t>(base.config().styles.size());
  return RowTable(base)
      .narrow(0, 0, NetConfig::kStrokeSizes * styles)
      .view({NetConfig::kStrokeSizes, styles, -1})
      .mean(1);
}

Result<std::shared_ptr<TransformerNet>> NetWithRows(const TransformerNet& base, const std::string& name,
                                                    const torch::Tensor& rows) {
  TEMPERA_ASSIGN_OR_RETURN(NetConfig config, MakeNetConfig(base.config().name, {name}));
  auto net = std::make_shared<TransformerNet>(config);
  CopyMatchingWeights(base, *net);  // the tables too, where the base has one style: overwritten below
  for (int stroke = 0; stroke < NetConfig::kStrokeSizes; ++stroke)
    SetRow(*net, config.row(0, stroke), rows[stroke]);
  SetRow(*net, config.identity_row(), RowTable(base)[base.config().identity_row()]);
  return net;
}

Result<FirstStyle> BeginFromBase(const Options& options, const media::RgbImage& painting) {
  FirstStyle first;
  TEMPERA_ASSIGN_OR_RETURN(first.base, LoadBase(options.base));
  torch::Tensor rows = MiddleRows(*first.base.net);
  if (const std::string path = FindEncoder(options); !path.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(const EncoderFile file, ReadEncoderFile(path));
    if (file.body != first.base.body || file.numbers != rows.numel()) {
      return InvalidArgument("the style encoder '" + path + "' was made for another network than '" +
                             options.base + "' (" + file.body + ", not " + first.base.body +
                             "): give the one that came with it, with --encoder");
    }
    StyleEncoder encoder(file);
    TEMPERA_ASSIGN_OR_RETURN(rows, PredictRows(encoder, painting));
    first.predicted = true;
  }
  TEMPERA_ASSIGN_OR_RETURN(first.net, NetWithRows(*first.base.net, options.styles[0].name, rows));
  return first;
}

Result<FirstStyle> WriteFirstStyle(const Options& options, const media::RgbImage& painting) {
  const auto start = std::chrono::steady_clock::now();
  TEMPERA_ASSIGN_OR_RETURN(FirstStyle first, BeginFromBase(options, painting));
  const bool trains = !options.predict_only;
  if (!first.predicted && !trains) {
    return NotFound("no style encoder beside '" + options.base +
                    "': give one with --encoder, or train the style with --content and --features");
  }
  TrainingState state;
  state.net = first.net->config().name;
  state.recipe = "rows of base " + first.base.body +
                 (first.predicted ? ", predicted by its style encoder, not trained" : ", their mean");
  Options named = options;
  named.stroke_period = first.base.stroke_period;
  TEMPERA_RETURN_IF_ERROR(ExportOnnx(first.net->config(), PlainWeights(*first.net),
                                     MakeMetadata(named, first.net->config(), state, first.base.trained_on),
                                     options.output));
  std::error_code error;
  fs::create_directories(options.work_dir, error);
  if (error) return IoError("cannot make the folder '" + options.work_dir + "': " + error.message());
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> photos, FirstPhotos(options, painting));
  if (!photos.empty()) {
    torch::NoGradGuard no_grad;
    torch::Tensor shares = torch::zeros({1, first.net->config().rows()});
    shares[0][first.net->config().row(0, NetConfig::kStrokeSizes - 1)] = 1;
    TEMPERA_RETURN_IF_ERROR(WritePreviewSheet(
        options.work_dir + "/preview.png", photos, painting, [&](const media::RgbImage& image) {
          std::vector<float> planes = ToPlanes(image);
          const torch::Tensor x =
              torch::from_blob(planes.data(), {1, 3, image.height, image.width}, torch::kFloat);
          const torch::Tensor y = first.net->forward(x, {shares, shares, {}}).contiguous();
          return FromPlanes(y.data_ptr<float>(), image.width, image.height);
        }));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("'%s': %s, after %.1f s; %s\n", options.output.c_str(),
              first.predicted ? "the style as its encoder predicts it" : "the mean of the base's styles",
              seconds,
              trains ? "training goes on from there"
                     : "nothing was trained: give --content, --features and a time to go on");
  std::fflush(stdout);
  return first;
}

}  // namespace tempera::train
