#include "train/segment/run_segment.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "src/base/atomic_file.h"
#include "train/compute/torch_threads.h"
#include "train/run_loop.h"
#include "train/segment/mask_export.h"
#include "train/segment/mask_measures.h"
#include "train/segment/segment_trainer.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

// Colours of classes in previews: far apart, the same each time.
void ColourOf(int c, uint8_t* rgb) {
  const double hue = std::fmod(c * 0.618034, 1.0) * 6;
  for (int i = 0; i < 3; ++i) {
    const double d = std::abs(std::fmod(hue + 4 - 2 * i, 6.0) - 3) - 1;
    rgb[i] = static_cast<uint8_t>(255 * std::clamp(d, 0.15, 1.0));
  }
}

// The picture, and over it in colour what a mask (bytes of shares, or classes) says.
media::RgbImage Tinted(const media::RgbImage& image, const std::vector<uint8_t>& mask, bool classes) {
  media::RgbImage out = image;
  for (size_t i = 0; i < mask.size(); ++i) {
    uint8_t rgb[3] = {255, 40, 40};
    double share = mask[i] / 255.0 * 0.6;
    if (classes) {
      share = mask[i] == kIgnored ? 0 : 0.6;
      ColourOf(mask[i], rgb);
    }
    for (int c = 0; c < 3; ++c) {
      uint8_t& p = out.pixels[3 * i + c];
      p = static_cast<uint8_t>(p * (1 - share) + rgb[c] * share);
    }
  }
  return out;
}

// Shares of one class as bytes; of several the likeliest class.
std::vector<uint8_t> BytesOf(const torch::Tensor& shares) {
  const torch::Tensor bytes = shares.size(0) == 1 ? (shares[0] * 255 + 0.5).clamp(0, 255).to(torch::kUInt8)
                                                  : shares.argmax(0).to(torch::kUInt8);
  const torch::Tensor plain = bytes.contiguous();
  return std::vector<uint8_t>(plain.data_ptr<uint8_t>(), plain.data_ptr<uint8_t>() + plain.numel());
}

// The held-out pictures as they are used: long side `size`.
Status FitHeldOut(std::vector<MaskPair>* pairs, int size, bool classes) {
  for (MaskPair& p : *pairs) {
    const double scale = static_cast<double>(size) / std::max(p.image.width, p.image.height);
    const int w = static_cast<int>(std::lround(p.image.width * scale)),
              h = static_cast<int>(std::lround(p.image.height * scale));
    p.mask = ResizeMask(p.mask, p.image.width, p.image.height, w, h, classes);
    TEMPERA_ASSIGN_OR_RETURN(p.image, media::ResizeImage(p.image, w, h));
  }
  return OkStatus();
}

struct Quality {
  double iou = 0;  // of one class: mean over pictures; of several: mean over classes
  double boundary = 0;
};

Quality Judge(const std::vector<MaskPair>& held_out, int classes, SegmentTrainer& trainer) {
  Quality q;
  ClassCounts counts(std::max(classes, 1));
  for (const MaskPair& p : held_out) {
    const std::vector<uint8_t> found = BytesOf(trainer.Shares(p.image));
    if (classes > 1) {
      counts.Add(found, p.mask);
      continue;
    }
    q.iou += OverlapOf(found, p.mask).iou() / static_cast<double>(held_out.size());
    q.boundary +=
        BoundaryF(found, p.mask, p.image.width, p.image.height, UsualReach(p.image.width, p.image.height)) /
        static_cast<double>(held_out.size());
  }
  if (classes > 1) q.iou = counts.mean_iou();
  return q;
}

// Pictures with their true masks above, found ones below.
Status WriteSheet(const std::string& path, const std::vector<MaskPair>& pairs, int classes,
                  SegmentTrainer& trainer) {
  constexpr int kColumns = 6, kCell = 200;
  const int count = std::min<int>(static_cast<int>(pairs.size()), 2 * kColumns);
  if (count == 0) return OkStatus();
  const int rows = (count + kColumns - 1) / kColumns;
  media::RgbImage sheet;
  sheet.width = kColumns * kCell;
  sheet.height = rows * 2 * kCell;
  sheet.pixels.assign(static_cast<size_t>(sheet.width) * sheet.height * 3, 24);
  for (int i = 0; i < count; ++i) {
    const MaskPair& p = pairs[static_cast<size_t>(i) * pairs.size() / static_cast<size_t>(count)];
    const std::vector<uint8_t> found = BytesOf(trainer.Shares(p.image));
    for (int below = 0; below < 2; ++below) {
      const media::RgbImage tinted = Tinted(p.image, below == 1 ? found : p.mask, classes > 1);
      const double scale = static_cast<double>(kCell) / std::max(tinted.width, tinted.height);
      TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage cell,
                               media::ResizeImage(tinted, std::max(1, static_cast<int>(tinted.width * scale)),
                                                  std::max(1, static_cast<int>(tinted.height * scale))));
      const int left = i % kColumns * kCell, top = (i / kColumns * 2 + below) * kCell;
      for (int y = 0; y < cell.height; ++y) {
        std::copy_n(&cell.pixels[static_cast<size_t>(y) * cell.width * 3], cell.width * 3,
                    &sheet.pixels[(static_cast<size_t>(top + y) * sheet.width + left) * 3]);
      }
    }
  }
  return media::WriteImage(path, sheet);
}

Status Export(const SegmentOptions& o, const SegmentTrainer& trainer, const std::string& trained_on) {
  const MaskModule& module = trainer.averaged();
  MaskExport how;
  how.int8 = o.int8;
  how.width = o.file_width;
  how.height = o.file_height;
  std::string names;
  for (const std::string& c : o.classes) names += (names.empty() ? "" : ",") + c;
  how.metadata = {
      {"tempera.name", o.name},
      {"tempera.value_range", "-1..1"},
      {"tempera.size_multiple", std::to_string(module.net().size_multiple)},
      {"tempera.mask.classes", names},
      {"tempera.mask.values", "0..1"},
      {"tempera.mask.long_side", std::to_string(o.size)},
      {"tempera.trained_on", trained_on},
      {"tempera.recipe", trainer.RecipeLine() + ", " + std::to_string(trainer.step()) + " steps"}};
  if (!o.title.empty()) how.metadata.push_back({"tempera.title", o.title});
  if (!o.license.empty()) how.metadata.push_back({"tempera.license", o.license});
  return ExportMaskNet(module.net(), FoldedWeights(module), how, o.output);
}

Result<std::vector<media::RgbImage>> LoadBackgrounds(const SegmentOptions& o) {
  std::vector<media::RgbImage> images;
  for (const std::string& folder : o.backgrounds) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> paths, FindPictures(folder));
    for (const std::string& path : paths) {
      TEMPERA_ASSIGN_OR_RETURN(media::RgbImage image, media::ReadImage(path));
      images.push_back(std::move(image));
    }
  }
  return images;
}

}  // namespace

Status RunSegment(const SegmentOptions& options) {
  const SegmentOptions& o = options;
  TEMPERA_RETURN_IF_ERROR(AtomicFile::Create(o.output).status());  // found out now rather than after an hour
  UseThreads(o.threads);
  const int classes = static_cast<int>(o.classes.size());
  TEMPERA_ASSIGN_OR_RETURN(MaskPairs pairs, MaskPairs::Load(o.folders, classes, o.size * 5 / 4));
  std::printf("%s\n", pairs.Line().c_str());
  const std::string trained_on = o.trained_on.empty() ? pairs.Line() : o.trained_on;
  std::vector<MaskPair> held_out = pairs.HoldOut(o.held_out);
  TEMPERA_RETURN_IF_ERROR(FitHeldOut(&held_out, o.size, classes > 1));
  TEMPERA_ASSIGN_OR_RETURN(std::vector<media::RgbImage> backgrounds, LoadBackgrounds(o));
  Safetensors encoder;
  if (!o.encoder.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(encoder, ReadSafetensorsFile(o.encoder));
  }
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<SegmentTrainer> trainer,
                           SegmentTrainer::Create(o, std::move(pairs), std::move(backgrounds),
                                                  o.encoder.empty() ? nullptr : &encoder));
  std::error_code error;
  fs::create_directories(o.work_dir, error);
  if (error) return IoError("cannot make the folder '" + o.work_dir + "': " + error.message());
  const std::string checkpoint = o.work_dir + "/checkpoint.pt";
  if (o.resume && fs::exists(checkpoint, error)) {
    TEMPERA_RETURN_IF_ERROR(trainer->Resume(checkpoint));
    std::printf("resuming at step %lld\n", static_cast<long long>(trainer->step()));
  } else if (!o.init.empty()) {
    TEMPERA_RETURN_IF_ERROR(trainer->InitFrom(o.init));
  }
  std::printf("%s; %lld parameters\n", trainer->RecipeLine().c_str(),
              static_cast<long long>(CountParameters(trainer->averaged().net())));
  MaskLosses mean;
  int64_t counted = 0;
  TrainingRun run;
  run.save = [&]() -> Status {
    TEMPERA_RETURN_IF_ERROR(trainer->Save(checkpoint));
    TEMPERA_RETURN_IF_ERROR(Export(o, *trainer, trained_on));
    TEMPERA_RETURN_IF_ERROR(WriteSheet(o.work_dir + "/preview.png", held_out, classes, *trainer));
    const Quality q = Judge(held_out, classes, *trainer);
    std::printf("held out: IoU %.4f", q.iou);
    if (classes == 1) std::printf("  outline F %.4f", q.boundary);
    std::printf("\n");
    std::fflush(stdout);
    return OkStatus();
  };
  run.step = [&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(const MaskLosses losses, trainer->Step());
    const double share = std::max(0.02, 1.0 / static_cast<double>(++counted));
    mean.total += share * (losses.total - mean.total);
    mean.cross_entropy += share * (losses.cross_entropy - mean.cross_entropy);
    mean.dice += share * (losses.dice - mean.dice);
    mean.temporal += share * (losses.temporal - mean.temporal);
    return OkStatus();
  };
  run.losses = [&]() -> std::string {
    char text[128];
    std::snprintf(text, sizeof text, "  loss %.4f  cross-entropy %.4f  dice %.4f  temporal %.5f", mean.total,
                  mean.cross_entropy, mean.dice, mean.temporal);
    return text;
  };
  run.done = [&] { return trainer->done(); };
  run.steps = [&] { return trainer->step(); };
  run.elapsed_s = [&] { return trainer->elapsed_s(); };
  run.left_s = [&] { return trainer->left_s(); };
  run.save_every_s = o.preview_every_s;
  return RunUntilDone(run);
}

}  // namespace tempera::train
