#include "train/segment/judge_masks.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "media/image.h"
#include "tempera/tempera.hpp"
#include "train/motion/flow.h"
#include "train/motion/frames.h"
#include "train/segment/mask_measures.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

// One class of one model.
class Judged {
 public:
  static Result<Judged> Open(const std::string& model, const std::string& number, const JudgeOptions& o) {
    Options options;
    options.threads = o.threads;
    if (!number.empty()) options.metadata = {{"tempera.mask.class", number}};
    auto masker = Masker::Open(model, options);
    if (!masker) return InvalidArgument(model + ": " + masker.error().message);
    Judged judged(std::make_unique<Masker>(std::move(*masker)), o.long_side);
    if (!o.edges) return judged;
    tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
    params.hold = static_cast<float>(o.hold);
    if (const Error error = judged.masker_->SetParams(params)) return InvalidArgument(error.message);
    auto regions = Regions::Open(judged.masker_.get());
    if (!regions) return InvalidArgument(model + ": " + regions.error().message);
    judged.regions_ = std::make_unique<Regions>(std::move(*regions));
    const Region all = {};
    if (const Error error = judged.regions_->Set({&all, 1}))
      return InvalidArgument(model + ": " + error.message);
    return judged;
  }
  // The next picture does not follow from the last one. Without edges only a network's states would know, and
  // those begin anew with edges alone.
  Status Reset() {
    if (regions_ == nullptr) return OkStatus();
    const Error error = regions_->Reset();
    return error ? Internal(error.message) : OkStatus();
  }

  int classes() const {
    int count = 0;
    while (tempera_mask_class_name(masker_->handle(), count) != nullptr) ++count;
    return count;
  }

  // The picture's mask at width x height.
  Result<std::vector<uint8_t>> Of(const media::RgbImage& picture, int width, int height) {
    const media::RgbImage* given = &picture;
    media::RgbImage fitted;
    if (long_side_ > 0) {
      const double scale = static_cast<double>(long_side_) / std::max(picture.width, picture.height);
      TEMPERA_ASSIGN_OR_RETURN(
          fitted,
          media::ResizeImage(picture, std::max(1, static_cast<int>(std::lround(picture.width * scale))),
                             std::max(1, static_cast<int>(std::lround(picture.height * scale)))));
      given = &fitted;
    }
    std::vector<uint8_t> mask(static_cast<size_t>(width) * static_cast<size_t>(height));
    tempera_image image =
        MakeImage(TEMPERA_RGB, const_cast<uint8_t*>(given->pixels.data()), given->width, given->height);
    if (regions_ == nullptr) {
      if (const Error error = masker_->Process(image, mask, width, height)) return Internal(error.message);
      return mask;
    }
    std::vector<uint8_t> out(given->pixels.size()), drawn(out.size() / 3);
    const tempera_image onto = MakeImage(TEMPERA_RGB, out.data(), given->width, given->height);
    if (const Error error = regions_->Process(image, onto)) return Internal(error.message);
    if (const Error error = regions_->Mask(0, drawn, given->width, given->height))
      return Internal(error.message);
    return given->width == width && given->height == height
               ? drawn
               : ResizeMask(drawn, given->width, given->height, width, height, false);
  }

 private:
  Judged(std::unique_ptr<Masker> masker, int long_side) : masker_(std::move(masker)), long_side_(long_side) {}
  std::unique_ptr<Masker> masker_;
  std::unique_ptr<Regions> regions_;
  int long_side_;
};

// "net.onnx:15" is a file and a class.
std::pair<std::string, std::string> Parted(const std::string& model) {
  std::error_code error;
  const size_t colon = model.rfind(':');
  if (colon == std::string::npos || fs::exists(model, error)) return {model, ""};
  return {model.substr(0, colon), model.substr(colon + 1)};
}

Status JudgeOne(const std::string& model, const MaskFolders& folder, const JudgeOptions& o,
                MaskFigures* figures) {
  const auto [file, number] = Parted(model);
  TEMPERA_ASSIGN_OR_RETURN(Judged judged, Judged::Open(file, number, o));
  TEMPERA_ASSIGN_OR_RETURN(const MaskPairs pairs, MaskPairs::Load({folder}, 1, 1 << 14));
  Overlap pooled;
  for (int i = 0; i < pairs.size(); ++i) {
    const MaskPair& p = pairs.pair(i);
    TEMPERA_RETURN_IF_ERROR(judged.Reset());
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> mask,
                             judged.Of(p.image, p.image.width, p.image.height));
    const Overlap overlap = OverlapOf(mask, p.mask);
    pooled.both += overlap.both;
    pooled.either += overlap.either;
    figures->iou += overlap.iou() / pairs.size();
    figures->boundary +=
        BoundaryF(mask, p.mask, p.image.width, p.image.height, UsualReach(p.image.width, p.image.height)) /
        pairs.size();
  }
  figures->pictures = pairs.size();
  figures->iou_pooled = pooled.iou();
  return OkStatus();
}

Status JudgeMany(const std::string& model, const MaskFolders& folder, const JudgeOptions& o,
                 MaskFigures* figures) {
  const int classes = static_cast<int>(o.classes.size());
  std::vector<Judged> judged;
  for (int c = 0; c < classes; ++c) {
    TEMPERA_ASSIGN_OR_RETURN(Judged one, Judged::Open(model, std::to_string(c), o));
    const int there = one.classes();
    if (there != classes)
      return InvalidArgument(model + " has " + std::to_string(there) + " classes, --classes names " +
                             std::to_string(classes));
    judged.push_back(std::move(one));
  }
  TEMPERA_ASSIGN_OR_RETURN(const MaskPairs pairs, MaskPairs::Load({folder}, classes, 1 << 14));
  ClassCounts counts(classes);
  for (int i = 0; i < pairs.size(); ++i) {
    const MaskPair& p = pairs.pair(i);
    std::vector<uint8_t> most(p.mask.size(), 0), found(p.mask.size(), 0);
    for (int c = 0; c < classes; ++c) {
      TEMPERA_RETURN_IF_ERROR(judged[static_cast<size_t>(c)].Reset());
      TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> share,
                               judged[static_cast<size_t>(c)].Of(p.image, p.image.width, p.image.height));
      for (size_t k = 0; k < share.size(); ++k) {
        if (share[k] <= most[k]) continue;
        most[k] = share[k];
        found[k] = static_cast<uint8_t>(c);
      }
    }
    counts.Add(found, p.mask);
  }
  figures->pictures = pairs.size();
  figures->iou = counts.mean_iou();
  figures->accuracy = counts.accuracy();
  for (int c = 0; c < classes; ++c) figures->class_iou.push_back(counts.iou(c));
  return OkStatus();
}

// The flicker between two frames' masks along the flow from the second to the first.
void CompareMasks(const std::vector<uint8_t>& before, const std::vector<uint8_t>& now, const Flow& flow,
                  Overlap* overlap, double* change, int64_t* known) {
  for (int y = 0; y < flow.height; ++y) {
    for (int x = 0; x < flow.width; ++x) {
      const size_t at = static_cast<size_t>(y) * static_cast<size_t>(flow.width) + static_cast<size_t>(x);
      if (!flow.valid[at]) continue;
      const float fx = static_cast<float>(x) + flow.dx[at], fy = static_cast<float>(y) + flow.dy[at];
      const int ix = static_cast<int>(std::floor(fx)), iy = static_cast<int>(std::floor(fy));
      if (ix < 0 || iy < 0 || ix + 1 >= flow.width || iy + 1 >= flow.height) continue;
      const float u = fx - static_cast<float>(ix), v = fy - static_cast<float>(iy);
      const size_t p = static_cast<size_t>(iy) * static_cast<size_t>(flow.width) + static_cast<size_t>(ix),
                   q = p + static_cast<size_t>(flow.width);
      const float was =
          (1 - v) * ((1 - u) * before[p] + u * before[p + 1]) + v * ((1 - u) * before[q] + u * before[q + 1]);
      const bool in_before = was >= 127.5f, in_now = now[at] >= 128;
      overlap->both += in_before && in_now;
      overlap->either += in_before || in_now;
      *change += std::abs(was - static_cast<float>(now[at])) / 255;
      ++*known;
    }
  }
}

Status JudgeFilm(const std::vector<std::string>& models, const std::string& clip, const JudgeOptions& o,
                 std::vector<FlickerFigures>* all) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> frames, ReadFrames(clip, o.frames, 640, 480));
  std::vector<Flow> flows;
  FlowEstimator estimator;
  for (size_t i = 1; i < frames.size(); ++i) {
    Flow flow = estimator.Estimate(frames[i], frames[i - 1]);
    MaskMotionEdges(&flow);
    flows.push_back(std::move(flow));
  }
  for (const std::string& model : models) {
    const auto [file, number] = Parted(model);
    TEMPERA_ASSIGN_OR_RETURN(Judged judged, Judged::Open(file, number, o));
    std::vector<uint8_t> before;
    Overlap overlap;
    double change = 0;
    int64_t known = 0;
    for (size_t i = 0; i < frames.size(); ++i) {
      TEMPERA_ASSIGN_OR_RETURN(std::vector<uint8_t> now,
                               judged.Of(frames[i], frames[i].width, frames[i].height));
      if (i > 0) CompareMasks(before, now, flows[i - 1], &overlap, &change, &known);
      before = std::move(now);
    }
    FlickerFigures f;
    f.model = model;
    f.clip = fs::path(clip).filename().string();
    f.pairs = static_cast<int>(flows.size());
    f.flicker = 1 - overlap.iou();
    f.change = known > 0 ? change / static_cast<double>(known) : 0;
    all->push_back(f);
  }
  return OkStatus();
}

Status WriteMasks(const JudgeOptions& o) {
  std::error_code error;
  fs::create_directories(o.write_folder, error);
  if (error) return IoError("cannot make the folder '" + o.write_folder + "': " + error.message());
  std::vector<Judged> judged;
  for (const std::string& model : o.models) {
    const auto [file, number] = Parted(model);
    TEMPERA_ASSIGN_OR_RETURN(Judged one, Judged::Open(file, number, o));
    judged.push_back(std::move(one));
  }
  std::map<std::string, std::string> names;  // of masks, and whose they are
  for (const std::string& folder : o.write) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> pictures, FindPictures(folder));
    for (const std::string& path : pictures) {
      const auto [other, is_new] = names.emplace(fs::path(path).stem().string(), path);
      if (!is_new)
        return InvalidArgument("'" + other->second + "' and '" + path +
                               "' would have one mask: write them to two folders");
    }
  }
  for (const std::string& folder : o.write) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> pictures, FindPictures(folder));
    for (const std::string& path : pictures) {
      TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage picture, media::ReadImage(path));
      std::vector<int> sum(static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height), 0);
      bool nothing = false, unsure = false;
      for (Judged& one : judged) {
        TEMPERA_RETURN_IF_ERROR(one.Reset());
        TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> mask,
                                 one.Of(picture, picture.width, picture.height));
        if (&one == &judged.front() && o.at_least > 0) {
          const double found = static_cast<double>(std::count_if(mask.begin(), mask.end(),
                                                                 [](uint8_t m) { return m > 127; })) /
                               static_cast<double>(mask.size());
          nothing = found < o.at_least / 20;
          unsure = !nothing && found < o.at_least;
        }
        if (nothing || unsure) break;
        for (size_t i = 0; i < sum.size(); ++i) sum[i] += mask[i];
      }
      if (unsure) continue;
      if (nothing) std::fill(sum.begin(), sum.end(), 0);
      media::RgbImage out{picture.width, picture.height, {}};
      for (const int s : sum) {
        const auto byte =
            static_cast<uint8_t>((s + static_cast<int>(judged.size()) / 2) / static_cast<int>(judged.size()));
        out.pixels.insert(out.pixels.end(), {byte, byte, byte});
      }
      TEMPERA_RETURN_IF_ERROR(media::WriteImage(
          (fs::path(o.write_folder) / (fs::path(path).stem().string() + ".png")).string(), out));
    }
  }
  return OkStatus();
}

}  // namespace

Result<JudgeReport> JudgeMasks(const JudgeOptions& options) {
  JudgeReport report;
  for (const MaskFolders& folder : options.folders) {
    for (const std::string& model : options.models) {
      MaskFigures figures;
      figures.model = model;
      figures.folder = fs::path(folder.images).filename().string();
      TEMPERA_RETURN_IF_ERROR(options.classes.size() > 1 ? JudgeMany(model, folder, options, &figures)
                                                         : JudgeOne(model, folder, options, &figures));
      report.masks.push_back(std::move(figures));
    }
  }
  if (!options.clips.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> clips,
                             FindFiles(options.clips, FilmExtensions(), "clips"));
    for (const std::string& clip : clips)
      TEMPERA_RETURN_IF_ERROR(JudgeFilm(options.models, clip, options, &report.films));
  }
  if (!options.write.empty()) TEMPERA_RETURN_IF_ERROR(WriteMasks(options));
  return report;
}

}  // namespace tempera::train
