#include "cli/mask/region_painter.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>
#include <utility>

#include "cli/cache_folder.h"
#include "cli/cli.h"
#include "cli/mask/given_mask.h"
#include "cli/mask/mask_library.h"
#include "cli/network/mask_input.h"
#include "cli/style_library.h"
#include "live/engine_image.h"
#include "live/mask/blur_size.h"
#include "media/mask/mask_pixels.h"
#include "src/base/log.h"
#include "src/base/text/number_text.h"

namespace tempera::cli {
namespace {

using Shows = MaskRegion::Shows;

struct HostCloser {
  void operator()(tempera_host* host) const { tempera_close_host(host); }
};
struct MaskerCloser {
  void operator()(tempera_masker* masker) const { tempera_mask_close(masker); }
};
struct RegionsCloser {
  void operator()(tempera_regions* regions) const { tempera_regions_close(regions); }
};
using HostPtr = std::unique_ptr<tempera_host, HostCloser>;
using MaskerPtr = std::unique_ptr<tempera_masker, MaskerCloser>;
using RegionsPtr = std::unique_ptr<tempera_regions, RegionsCloser>;

// Of a mask network, in the command's words.
Status MaskStatus(tempera_status status) {
  const Status read = live::StatusOf(status);
  return read.ok() ? read : Status(read.code(), InMaskInput(read.message()));
}

// Region i of the plan is painted by painters[painter_of[i]]; -1: by none.
struct Cast {
  std::vector<std::unique_ptr<Painter>> painters;
  std::vector<int> painter_of;
};

class RegionPainter final : public Painter {
 public:
  RegionPainter(MaskPlan plan, HostPtr host, MaskerPtr masker, std::unique_ptr<GivenMask> given,
                RegionsPtr regions, Cast cast, std::vector<std::string> notices)
      : plan_(std::move(plan)),
        host_(std::move(host)),
        masker_(std::move(masker)),
        given_(std::move(given)),
        cast_(std::move(cast)),
        notices_(std::move(notices)),
        regions_(std::move(regions)) {}

  Makes makes() const override { return plan_.makes; }
  double masked_share() const override { return share_; }
  Status Begin(const media::VideoInfo& film) override {
    film_ = true;
    return given_ ? given_->Begin(film) : OkStatus();
  }

  Status SetPage(int page, int pages) override { return given_ ? given_->GoToPage(page, pages) : OkStatus(); }

  Status SetMaskFile(const std::string& path) override {
    return given_ ? given_->GoToFile(path) : OkStatus();
  }

  std::vector<std::string> TakeMaskNotices() override { return std::exchange(of_mask_, {}); }

  std::vector<int64_t> MomentsOf(int64_t index, int64_t pts_us) override {
    index_ = index;
    frame_us_ = pts_us;
    // Only one of them is the line's own, and only that one may leave frames out.
    for (const auto& painter : cast_.painters) {
      std::vector<int64_t> moments = painter->MomentsOf(index, pts_us);
      if (moments != std::vector<int64_t>{pts_us}) return moments;
    }
    return {pts_us};
  }

  Status SetMoment(double time_s) override {
    for (const auto& painter : cast_.painters) TEMPERA_RETURN_IF_ERROR(painter->SetMoment(time_s));
    return OkStatus();
  }

  Status Paint(const media::Frame& in, media::Frame* out) override {
    of_mask_.clear();
    if (given_) {
      TEMPERA_RETURN_IF_ERROR(given_->GoTo(index_, frame_us_));
      for (const std::string& notice : given_->TakeNotices()) Say(notice);
    }
    TEMPERA_RETURN_IF_ERROR(SetRegions(in));
    const tempera_image from = live::ImageOf(in);
    tempera_image to = live::ImageOf(*out);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    if (given_) {
      const MaskPicture& mask = given_->picture();
      params.mask = mask.pixels.data();
      params.mask_stride_bytes = mask.width;
      params.mask_width = mask.width;
      params.mask_height = mask.height;
      SayStretched(mask, in);
    }
    TEMPERA_RETURN_IF_ERROR(live::StatusOf(tempera_regions_process(regions_.get(), &from, &to, &params)));
    TEMPERA_RETURN_IF_ERROR(GatherMask(in.width, in.height));
    if (plan_.makes == Makes::kMask) media::DrawMask(mask_, out);
    return plan_.makes == Makes::kCutout ? media::CutOut(mask_, out) : OkStatus();
  }

  Status AtEnd() override {
    if (given_) {
      TEMPERA_RETURN_IF_ERROR(given_->AtEnd(index_ + 1));
      for (const std::string& notice : given_->TakeNotices()) Say(notice);
    }
    for (const auto& painter : cast_.painters) TEMPERA_RETURN_IF_ERROR(painter->AtEnd());
    return OkStatus();
  }

  Status Reset() override { return live::StatusOf(tempera_regions_reset(regions_.get())); }

  bool PaintsAlpha() const override {
    return plan_.makes == Makes::kCutout ||
           (plan_.makes == Makes::kPainting && std::any_of(cast_.painters.begin(), cast_.painters.end(),
                                                           [](const auto& p) { return p->PaintsAlpha(); }));
  }

  std::vector<std::string> Notices() const override {
    std::vector<std::string> all = notices_;
    for (const auto& painter : cast_.painters) {
      for (std::string& line : painter->Notices()) {
        if (std::find(all.begin(), all.end(), line) == all.end()) all.push_back(std::move(line));
      }
    }
    return all;
  }

 private:
  // For each frame, whether or not its stylizers are the last one's: where a painter closed one and opened
  // another, that may lie at the same address.
  Status SetRegions(const media::Frame& in) {
    std::vector<tempera_stylizer*> stylizers;
    for (const auto& painter : cast_.painters) {
      TEMPERA_ASSIGN_OR_RETURN(tempera_stylizer * stylizer, painter->Lend(in));
      stylizers.push_back(stylizer);
    }
    const int side = std::min(in.width, in.height);
    std::vector<tempera_region> list;
    for (size_t i = 0; i < plan_.regions.size(); ++i) {
      const MaskRegion& region = plan_.regions[i];
      tempera_region& made = list.emplace_back(tempera_region TEMPERA_REGION_INIT);
      made.name = region.name.c_str();
      made.feather = plan_.feather;
      if (cast_.painter_of[i] >= 0) made.stylizer = stylizers[static_cast<size_t>(cast_.painter_of[i])];
      if (region.shows == Shows::kBlur) made.blur = live::BlurSize(region.blur, side);
    }
    return live::StatusOf(
        tempera_regions_set(regions_.get(), list.data(), static_cast<int32_t>(list.size())));
  }

  // Of the chosen regions together, and how much of the frame they are.
  Status GatherMask(int width, int height) try {
    const size_t size = static_cast<size_t>(width) * static_cast<size_t>(height);
    mask_.assign(size, 0);
    for (const size_t index : plan_.chosen) {
      std::vector<uint8_t>& one = plan_.chosen.size() == 1 ? mask_ : one_;
      one.resize(size);
      TEMPERA_RETURN_IF_ERROR(live::StatusOf(tempera_regions_mask(regions_.get(), static_cast<int32_t>(index),
                                                                  one.data(), width, width, height)));
      if (&one == &mask_) break;
      for (size_t i = 0; i < size; ++i) mask_[i] = static_cast<uint8_t>(std::min(255, mask_[i] + one[i]));
    }
    const uint64_t sum = std::accumulate(mask_.begin(), mask_.end(), uint64_t{0});
    share_ = static_cast<double>(sum) / (255.0 * static_cast<double>(size));
    return OkStatus();
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory for a mask of " + std::to_string(width) + "x" + std::to_string(height));
  }

  void SayStretched(const MaskPicture& mask, const media::Frame& in) {
    // A tenth more to one side than to the other is no rounding.
    const double shape =
        static_cast<double>(mask.width) * in.height / (static_cast<double>(mask.height) * in.width);
    if (said_ || (shape > 0.9 && shape < 1.1)) return;
    const std::string notice = "the mask is " + std::to_string(mask.width) + "x" +
                               std::to_string(mask.height) + " and the picture " + std::to_string(in.width) +
                               "x" + std::to_string(in.height) + ": it is stretched to that shape";
    // Of a film's frames one is as the other.
    said_ = film_;
    Say(notice);
  }

  // Of a mask that was given: what is said of pictures is listed with them, of films at once.
  void Say(const std::string& notice) {
    if (!film_) return of_mask_.push_back(notice);
    Note(notice);
    notices_.push_back(notice);
  }

  const MaskPlan plan_;
  const HostPtr host_;
  const MaskerPtr masker_;
  const std::unique_ptr<GivenMask> given_;
  const Cast cast_;
  std::vector<std::string> notices_;  // of the mask network, and of the mask of a film
  const RegionsPtr regions_;          // goes before what it uses
  bool film_ = false, said_ = false;
  std::vector<std::string> of_mask_;   // what there is to say of the last picture's
  int64_t index_ = -1, frame_us_ = 0;  // of the frame that is painted, or left out; -1: none yet
  std::vector<uint8_t> mask_, one_;
  double share_ = 0;
};

Result<HostPtr> MakeHost(const PaintOptions& paint) {
  tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
  options.threads = paint.threads;
  options.pin_threads = paint.pin_threads;
  const std::string cache = CacheFolder();
  options.cache_folder = cache.c_str();
  tempera_host* host = nullptr;
  TEMPERA_RETURN_IF_ERROR(live::StatusOf(tempera_create_host(&options, &host)));
  return HostPtr(host);
}

// What the library says of a class, as the line names network and region.
std::string Called(const MaskPlan& plan, const MaskRegion& region, std::string message) {
  if (message.starts_with(plan.path)) message.replace(0, plan.path.size(), "the network");
  const bool of_region = region.said.starts_with("--region");
  return (of_region ? region.said : "--mask " + plan.said.mask) + ": " + message;
}

// *notices: what the library says of it.
Result<MaskerPtr> OpenMasker(const MaskPlan& plan, tempera_host* host, std::vector<std::string>* notices) {
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.host = host;
  std::vector<const char*> metadata;
  for (const auto& [key, value] : plan.metadata) {
    metadata.push_back(key.c_str());
    metadata.push_back(value.c_str());
  }
  metadata.push_back(nullptr);
  options.metadata = metadata.data();
  // Here the words of --mask-input are meant, not those of the style's options.
  SetLogCallback(
      [](int level, const char* message, void* user) {
        if (level == static_cast<int>(LogLevel::kInfo)) return;
        static_cast<std::vector<std::string>*>(user)->push_back(InMaskInput(message));
      },
      notices);
  tempera_masker* raw = nullptr;
  const tempera_status opened = tempera_mask_open_file(plan.path.c_str(), &options, &raw);
  NoteLibraryLines();
  TEMPERA_RETURN_IF_ERROR(MaskStatus(opened));
  MaskerPtr masker(raw);
  for (const std::string& line : *notices) Note(line);
  tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
  params.threshold = plan.threshold;
  params.hold = plan.hold;
  params.plain_edges = plan.plain_edges;
  params.interval = plan.interval;
  TEMPERA_RETURN_IF_ERROR(MaskStatus(tempera_mask_set_params(raw, &params)));
  // Before anything is painted: a class that it has not.
  for (const MaskRegion& region : plan.regions) {
    int32_t index = 0;
    // The background alone is what the network's own class leaves.
    const bool background = region.name == "background";
    if (background && plan.regions.size() > 1) continue;
    const Status found =
        MaskStatus(tempera_mask_find_class(raw, background ? "" : region.name.c_str(), &index));
    if (!found.ok()) return Status(found.code(), Called(plan, region, found.message()));
  }
  return masker;
}

// Parameters that some style has not: what is left of --param and --animate there is said, and that none has
// one is an error.
Status SayLacking(const std::vector<std::pair<std::string, std::vector<std::string>>>& lacking,
                  size_t opened) {
  std::vector<std::string> seen;
  for (const auto& [style, names] : lacking) {
    for (const std::string& name : names) {
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      std::string styles;
      size_t count = 0;
      for (const auto& [other, others] : lacking) {
        if (std::find(others.begin(), others.end(), name) == others.end()) continue;
        styles += (styles.empty() ? "" : ", ") + Printable(other);
        ++count;
      }
      if (count == opened)
        return NotFound("no style of the regions has a parameter '" + Printable(name) +
                        "' (tempera inspect lists what each has)");
      Note("the parameter '" + Printable(name) + "' turns nothing in " + styles);
    }
  }
  return OkStatus();
}

// One painter for each style, however many regions show it.
Result<Cast> OpenPainters(const MaskPlan& plan, const PaintOptions& paint, const OpenStyleFn& open_style) {
  Cast cast;
  std::vector<std::string> opened;  // of cast.painters
  std::vector<std::pair<std::string, std::vector<std::string>>> lacking;
  for (const MaskRegion& region : plan.regions) {
    cast.painter_of.push_back(-1);
    if (region.shows != Shows::kPainting) continue;
    ModelChoice model;
    if (!region.style.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(model, FindShown(region));
    }
    const std::string key = model.path + "\n" + model.style;
    const auto known = std::find(opened.begin(), opened.end(), key);
    cast.painter_of.back() = static_cast<int>(known - opened.begin());
    if (known != opened.end()) continue;
    opened.push_back(key);
    std::unique_ptr<Painter> painter;
    if (region.style.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(painter, open_style(paint));
    } else {
      PaintOptions own = paint;
      own.steering.style = model.style;
      own.steering.blend.clear();
      auto& [name, lacks] = lacking.emplace_back(model.name(), std::vector<std::string>());
      own.lacks = &lacks;
      TEMPERA_ASSIGN_OR_RETURN(painter, OpenPainter(model.path, own));
    }
    cast.painters.push_back(std::move(painter));
  }
  TEMPERA_RETURN_IF_ERROR(SayLacking(lacking, cast.painters.size()));
  return cast;
}

}  // namespace

Result<std::unique_ptr<Painter>> OpenRegionPainter(const MaskPlan& plan, const PaintOptions& paint,
                                                   const OpenStyleFn& open_style) {
  TEMPERA_ASSIGN_OR_RETURN(HostPtr host, MakeHost(paint));
  MaskerPtr masker;
  std::vector<std::string> notices;
  std::unique_ptr<GivenMask> given;
  if (plan.source == MaskPlan::Source::kNetwork) {
    TEMPERA_ASSIGN_OR_RETURN(masker, OpenMasker(plan, host.get(), &notices));
  } else {
    TEMPERA_ASSIGN_OR_RETURN(given, OpenGivenMask(plan));
  }
  PaintOptions lent = paint;
  lent.host = host.get();
  TEMPERA_ASSIGN_OR_RETURN(Cast cast, OpenPainters(plan, lent, open_style));
  tempera_regions* raw = nullptr;
  TEMPERA_RETURN_IF_ERROR(live::StatusOf(tempera_regions_open(masker.get(), host.get(), &raw)));
  return std::unique_ptr<Painter>(std::make_unique<RegionPainter>(plan, std::move(host), std::move(masker),
                                                                  std::move(given), RegionsPtr(raw),
                                                                  std::move(cast), std::move(notices)));
}

bool HasOwnStyle(const MaskPlan& plan) {
  return std::any_of(plan.regions.begin(), plan.regions.end(), [](const MaskRegion& region) {
    return region.style.empty() && region.shows == Shows::kPainting;
  });
}

std::string PaintedName(const MaskPlan& plan, const std::string& style) {
  if (plan.makes == Painter::Makes::kMask) return "mask";
  std::string names;
  for (const MaskRegion& region : plan.regions) {
    if (region.style.empty() && region.shows == Shows::kPainting) return style;
    if (region.name.empty()) continue;  // what lies under the edges of a background that is cut out
    names += (names.empty() ? "" : ",") + region.name + "=";
    names += region.shows == Shows::kInput ? "none" : region.shows == Shows::kBlur ? "blur" : region.style;
    if (region.shows == Shows::kBlur && region.blur > 0) names += ":" + NumberToText(region.blur);
  }
  return names;
}

}  // namespace tempera::cli
