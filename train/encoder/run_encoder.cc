#include <torch/torch.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "train/compute/torch_threads.h"
#include "train/encoder/encoder_trainer.h"
#include "train/features/two_networks.h"
#include "train/run_loop.h"
#include "train/safetensors.h"
#include "train/trainer.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

// What training and judging share.
struct Setting {
  Base base;
  Features network;
  uint64_t features = 0xcbf29ce484222325u;
  Photos photos;
  std::vector<media::RgbImage> held_out_photos;
  Paintings paintings;
};

Result<Setting> SetUp(const EncoderOptions& o) {
  Setting s;
  TEMPERA_ASSIGN_OR_RETURN(s.base, LoadBase(o.base));
  for (const std::string& path : {o.features, o.deep_features}) {
    if (path.empty()) continue;
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    s.features = HashBytes(bytes.data(), bytes.size(), s.features);
    TEMPERA_ASSIGN_OR_RETURN(const Safetensors file, ReadSafetensorsFile(path));
    TEMPERA_ASSIGN_OR_RETURN(Features network, MakeFeatureNetwork(file, torch::kCPU));
    if (s.network != nullptr) {
      TEMPERA_ASSIGN_OR_RETURN(network, MakeTwoNetworks(s.network, network));
    }
    s.network = std::move(network);
  }
  std::vector<StyleSource> gallery;
  if (!o.gallery.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(gallery, ReadGallery(o.gallery, o.paintings));
  }
  int unreadable = 0;
  TEMPERA_ASSIGN_OR_RETURN(s.paintings,
                           LoadPaintings(o.paintings, gallery, s.base.net->config().styles, &unreadable));
  int known = 0;
  for (const Painting& p : s.paintings.learnt) known += p.style >= 0 ? 1 : 0;
  std::printf("paintings: %d to learn from, %d of them styles of the base",
              static_cast<int>(s.paintings.learnt.size()), known);
  if (unreadable > 0) std::printf(", %d unreadable", unreadable);
  std::printf("; kept out:");
  for (const Painting& p : s.paintings.held_out) std::printf(" %s", p.name.c_str());
  std::printf("\nreading photographs ...\n");
  std::fflush(stdout);
  TEMPERA_ASSIGN_OR_RETURN(s.photos, Photos::Load(o.content, std::max(o.view, o.size), o.seed));
  s.held_out_photos = s.photos.HoldOut(kHeldOutPhotos);
  for (media::RgbImage& photo : s.held_out_photos) {
    TEMPERA_ASSIGN_OR_RETURN(photo, FitForNet(photo, 320));
  }
  if (s.held_out_photos.empty()) return NotFound("too few photographs to keep some out: give 4 at least");
  return s;
}

Status Judge(const EncoderOptions& o, const Setting& s, StyleEncoder& encoder, Targets& targets) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<EncoderScore> scores,
                           JudgeEncoder(encoder, s.base, s.network, targets, s.paintings.held_out,
                                        s.held_out_photos, o.fine_size, o.bold_size));
  int won = 0;
  double predicted = 0, best = 0, photo = 0;
  const auto n = static_cast<double>(scores.size());
  std::printf("%-40s %9s %9s %9s  %s\n", "style loss, painting kept out", "predicted", "best row", "photo",
              "best row is of");
  for (const EncoderScore& score : scores) {
    std::printf("%-40s %9.3f %9.3f %9.3f  %s%s\n", score.name.c_str(), score.predicted, score.best,
                score.photo, score.best_style.c_str(), score.predicted < score.best ? "" : "  <- nearer");
    won += score.predicted < score.best ? 1 : 0;
    predicted += score.predicted / n;
    best += score.best / n;
    photo += score.photo / n;
  }
  std::printf("%-40s %9.3f %9.3f %9.3f\nthe predicted row is the nearer one on %d of %d\n", "mean", predicted,
              best, photo, won, static_cast<int>(scores.size()));
  std::fflush(stdout);
  return OkStatus();
}

Status WriteEncoder(const EncoderOptions& o, const EncoderTrainer& trainer, StyleEncoder& encoder,
                    const Setting& s) {
  EncoderFile file = encoder.ToFile(trainer.base().body);
  file.metadata = {{"tempera.encoder.base", fs::path(o.base).filename().string()},
                   {"tempera.settings", EncoderRecipe(o)},
                   {"tempera.steps", std::to_string(trainer.step())},
                   {"tempera.seed", std::to_string(o.seed)},
                   {"tempera.trained_on", std::to_string(s.paintings.learnt.size()) + " paintings and " +
                                              std::to_string(s.photos.size()) + " photographs"}};
  if (!o.license.empty()) file.metadata["tempera.license"] = o.license;
  return WriteEncoderFile(file, o.output);
}

Status Train(const EncoderOptions& o, const Setting& s) {
  std::error_code error;
  fs::create_directories(o.work_dir + "/targets", error);
  if (error) return IoError("cannot make the folder '" + o.work_dir + "': " + error.message());
  const std::string checkpoint = o.work_dir + "/checkpoint.pt";
  std::vector<Painting> paintings = s.paintings.learnt;
  if (o.prepare) paintings.insert(paintings.end(), s.paintings.held_out.begin(), s.paintings.held_out.end());
  const auto all = static_cast<int>(paintings.size());
  TEMPERA_ASSIGN_OR_RETURN(
      std::unique_ptr<EncoderTrainer> trainer,
      EncoderTrainer::Create(o, s.network, s.features, s.photos, std::move(paintings), s.base));
  if (o.prepare) {
    return trainer->Prepare([&](int done) {
      if (done % 10 == 0 || done == all) std::printf("%d of %d paintings looked at\n", done, all);
      std::fflush(stdout);
    });
  }
  if (o.resume && fs::exists(checkpoint, error)) {
    TEMPERA_RETURN_IF_ERROR(trainer->ResumeFrom(checkpoint));
    std::printf("resuming at step %lld\n", static_cast<long long>(trainer->step()));
  }
  std::printf("%s; base %s\n", EncoderRecipe(o).c_str(), s.base.body.c_str());
  EncoderLosses mean;
  int64_t counted = 0;
  TrainingRun run;
  run.save = [&]() -> Status {
    TEMPERA_RETURN_IF_ERROR(trainer->Save(checkpoint));
    return WriteEncoder(o, *trainer, trainer->encoder(), s);
  };
  run.step = [&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(const EncoderLosses l, trainer->Step());
    // A running mean over about 50 steps: lines of a terminal come each second.
    const double share = std::max(0.02, 1.0 / static_cast<double>(++counted));
    const auto add = [&](double& to, double value) { to += share * (value - to); };
    add(mean.total, l.total), add(mean.style, l.style), add(mean.content, l.content);
    add(mean.colour, l.colour), add(mean.rows, l.rows);
    return OkStatus();
  };
  run.losses = [&]() -> std::string {
    char text[160];
    std::snprintf(text, sizeof text, "  loss %.4g  rows %.3g  style %.4g  content %.3g  colour %.3g",
                  mean.total, mean.rows, mean.style, mean.content, mean.colour);
    return text;
  };
  run.done = [&] { return trainer->done(); };
  run.steps = [&] { return trainer->step(); };
  run.elapsed_s = [&] { return trainer->elapsed_s(); };
  run.left_s = [&] { return trainer->left_s(); };
  run.save_every_s = 180;
  return RunUntilDone(run);
}

}  // namespace

Status RunEncoder(const EncoderOptions& o) {
  UseThreads(o.training.threads);
  TEMPERA_ASSIGN_OR_RETURN(const Setting s, SetUp(o));
  if (!o.check) TEMPERA_RETURN_IF_ERROR(Train(o, s));
  if (o.prepare) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(const EncoderFile file, ReadEncoderFile(o.output));
  const int64_t numbers = NetConfig::kStrokeSizes * RowLength(s.base.net->config());
  if (file.body != s.base.body || file.numbers != numbers)
    return InvalidArgument("'" + o.output + "' was made for another network than '" + o.base + "'");
  StyleEncoder encoder(file);
  // The yardstick of a check is its own: the same photographs and seed give the same.
  Random random(o.seed ^ 0x59617264u);
  const torch::Tensor crops = DrawCrops(s.photos, random, 16, o.size);
  const std::string folder = o.work_dir + "/targets";
  std::error_code error;
  Targets targets(s.network, crops, fs::is_directory(folder, error) ? folder : "", s.features);
  return Judge(o, s, encoder, targets);
}

}  // namespace tempera::train
