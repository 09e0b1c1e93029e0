#include "train/run.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "src/base/atomic_file.h"
#include "train/compute/torch_threads.h"
#include "train/encoder/base.h"
#include "train/export_onnx.h"
#include "train/features/two_networks.h"
#include "train/preview.h"
#include "train/run_loop.h"
#include "train/trainer.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

void PrintPhotoReport(const PhotoReport& r) {
  std::printf("photographs: %d used of %d found", r.used, r.found);
  if (r.sampled < r.found) std::printf(" (%d drawn)", r.sampled);
  if (r.unreadable > 0) std::printf(", %d unreadable", r.unreadable);
  if (r.too_small > 0) std::printf(", %d too small", r.too_small);
  if (r.borders > 0) std::printf(", %d with a constant border", r.borders);
  if (!r.first_skipped.empty()) std::printf("; skipped e.g. %s", r.first_skipped.c_str());
  if (r.greyscale > 0) std::printf("; %d of those used are greyscale", r.greyscale);
  std::printf("\n");
}

// Running means over about 50 steps of those that draw the term: single batches jump.
class Smoothed {
 public:
  void Add(const Losses& l) {
    const auto values = l.values();
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] == 0) continue;  // not drawn
      mean_[i] += (counts_[i] < 50 ? 1.0 / (counts_[i] + 1) : 0.02) * (values[i] - mean_[i]);
      ++counts_[i];
    }
  }
  std::string Line() const {
    std::string line;
    char text[48];
    for (size_t i = 0; i < mean_.size(); ++i) {
      if (counts_[i] == 0) continue;
      std::snprintf(text, sizeof text, "  %s %.4g", Losses::kNames[i], mean_[i]);
      line += text;
    }
    return line;
  }

 private:
  std::array<double, Losses::kCount> mean_{};
  std::array<int64_t, Losses::kCount> counts_{};
};

Result<std::vector<media::RgbImage>> PreviewPhotos(const Options& options, Photos& photos) {
  std::vector<media::RgbImage> images;
  for (const std::string& path : options.preview_photos) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage image, media::ReadImage(path));
    images.push_back(std::move(image));
  }
  if (images.empty()) images = photos.HoldOut(kHeldOutPhotos);
  for (media::RgbImage& image : images) {
    TEMPERA_ASSIGN_OR_RETURN(image, FitForNet(image, 480));
  }
  return images;
}

// One painting: every photograph beside what becomes of it. Several: a row of photographs, then one of each
// style.
Status WritePreviews(const Options& options, const std::vector<media::RgbImage>& photos,
                     const std::vector<media::RgbImage>& paintings, Trainer& trainer) {
  const std::string path = options.work_dir + "/preview.png";
  if (paintings.size() == 1) {
    return WritePreviewSheet(path, photos, paintings[0], [&](const media::RgbImage& image) {
      Pick pick;
      pick.bold = kDefaultStrokeSize;  // as the file paints unless told otherwise
      return trainer.Paint(image, pick);
    });
  }
  return WriteGallerySheet(path, photos, paintings, [&](const media::RgbImage& image, int style, bool bold) {
    Pick pick;
    pick.style = pick.other = style;
    pick.bold = bold ? 1 : 0;
    return trainer.Paint(image, pick);
  });
}

// Null where none was asked for.
Result<std::shared_ptr<const FilmPairs>> LoadFilms(const Options& options) {
  if (options.clips.empty() && options.truth.empty()) return std::shared_ptr<const FilmPairs>();
  std::printf("reading films ...\n");
  std::fflush(stdout);
  TEMPERA_ASSIGN_OR_RETURN(
      FilmPairs films,
      FilmPairs::Load(options.clips, options.truth, std::max(options.view, options.size), options.seed));
  std::printf("motion: %s\n", films.report().Line().c_str());
  return std::make_shared<const FilmPairs>(std::move(films));
}

std::string TrainedOn(const Options& options, int photos, const FilmPairs* films) {
  std::string what = options.styles.size() == 1 ? fs::path(options.styles[0].picture).filename().string()
                                                : std::to_string(options.styles.size()) + " paintings";
  what += " and " + std::to_string(photos) + " photographs";
  return films == nullptr ? what : what + " and motion of " + films->report().Used();
}

// Found out now rather than after an hour.
Status CheckWritable(const std::string& path) { return AtomicFile::Create(path).status(); }

}  // namespace

Status RunTraining(const Options& asked) {
  Options options = asked;
  TEMPERA_RETURN_IF_ERROR(CheckWritable(options.output));
  UseThreads(options.threads);
  FirstStyle first;
  if (!options.base.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage painting, media::ReadImage(options.styles[0].picture));
    // What an earlier run learnt stays until this one has more.
    std::error_code none;
    const bool goes_on = options.resume && fs::exists(options.work_dir + "/checkpoint.pt", none);
    TEMPERA_ASSIGN_OR_RETURN(first,
                             goes_on ? BeginFromBase(options, painting) : WriteFirstStyle(options, painting));
    if (options.predict_only) return OkStatus();
    options.stroke_period = first.base.stroke_period;  // rows stay near the base's
  }
  TEMPERA_ASSIGN_OR_RETURN(Safetensors file, ReadSafetensorsFile(options.features));
  TEMPERA_ASSIGN_OR_RETURN(torch::Device device, ChooseDevice(options.device));
  TEMPERA_ASSIGN_OR_RETURN(auto features, MakeFeatureNetwork(file, device));
  if (!options.deep_features.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(const Safetensors deep_file, ReadSafetensorsFile(options.deep_features));
    TEMPERA_ASSIGN_OR_RETURN(auto deep, MakeFeatureNetwork(deep_file, device));
    TEMPERA_ASSIGN_OR_RETURN(features, MakeTwoNetworks(std::move(features), std::move(deep)));
  }
  std::vector<media::RgbImage> paintings;
  for (const StyleSource& style : options.styles) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage painting, media::ReadImage(style.picture));
    paintings.push_back(std::move(painting));
  }
  std::printf("reading photographs ...\n");
  std::fflush(stdout);
  TEMPERA_ASSIGN_OR_RETURN(Photos photos,
                           Photos::Load(options.content, std::max(options.view, options.size), options.seed));
  PrintPhotoReport(photos.report());
  TEMPERA_ASSIGN_OR_RETURN(std::vector<media::RgbImage> previews, PreviewPhotos(options, photos));

  TEMPERA_ASSIGN_OR_RETURN(const std::shared_ptr<const FilmPairs> films, LoadFilms(options));
  const std::string trained_on = TrainedOn(options, photos.size(), films.get());
  std::error_code error;
  fs::create_directories(options.work_dir, error);
  if (error) return IoError("cannot make the folder '" + options.work_dir + "': " + error.message());
  const std::string checkpoint = options.work_dir + "/checkpoint.pt";

  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Trainer> trainer,
                           Trainer::Create(options, std::move(features), std::move(photos), paintings));
  if (first.net != nullptr) TEMPERA_RETURN_IF_ERROR(trainer->StartFrom(*first.net));
  if (films != nullptr) trainer->TakeFilms(films);
  const bool resume = options.resume && fs::exists(checkpoint, error);
  if (resume) {
    TEMPERA_RETURN_IF_ERROR(trainer->ResumeFrom(checkpoint));
    std::printf("resuming at step %lld\n", static_cast<long long>(trainer->step()));
  } else if (!options.init.empty()) {
    TEMPERA_RETURN_IF_ERROR(trainer->InitFrom(options.init));
  }
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<LossLog> log,
                           LossLog::Open(options.work_dir, resume ? trainer->step() : 0));
  std::printf("%s; %lld parameters; %s\n", RecipeLine(options).c_str(),
              static_cast<long long>(CountParameters(trainer->net().config())), device.str().c_str());

  Smoothed smoothed;
  TrainingRun run;
  run.save = [&]() -> Status {
    TEMPERA_RETURN_IF_ERROR(trainer->Save(checkpoint));
    TEMPERA_RETURN_IF_ERROR(log->Plot());
    TEMPERA_RETURN_IF_ERROR(ExportOnnx(
        trainer->net().config(), PlainWeights(trainer->net()),
        MakeMetadata(options, trainer->net().config(), trainer->state(), trained_on), options.output));
    return WritePreviews(options, previews, paintings, *trainer);
  };
  run.step = [&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(Losses losses, trainer->Step());
    smoothed.Add(losses);
    return log->Add(trainer->step(), losses, trainer->learning_rate());
  };
  run.losses = [&] { return smoothed.Line(); };
  run.done = [&] { return trainer->done(); };
  run.steps = [&] { return trainer->step(); };
  run.elapsed_s = [&] { return trainer->elapsed_s(); };
  run.left_s = [&] { return trainer->left_s(); };
  run.save_every_s = options.preview_every_s;
  return RunUntilDone(run);
}

}  // namespace tempera::train
