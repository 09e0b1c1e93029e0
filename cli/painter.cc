#include "cli/painter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cli/cache_folder.h"
#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/network/picture_options.h"
#include "cli/steer/schedule.h"
#include "cli/steer/stroke.h"
#include "live/engine_image.h"
#include "src/base/text/number_text.h"
#include "tempera/tempera.h"

namespace tempera::cli {
namespace {

tempera_precision PrecisionOf(engine::Precision precision) {
  switch (precision) {
    case engine::Precision::kAuto:
      return TEMPERA_PRECISION_AUTO;
    case engine::Precision::kFp32:
      return TEMPERA_PRECISION_FP32;
    case engine::Precision::kBf16:
      return TEMPERA_PRECISION_BF16;
    case engine::Precision::kInt8:
      break;
  }
  return TEMPERA_PRECISION_INT8;
}

// `said`: of the model, by options.
Status StatusOf(tempera_status status, const Metadata& said = {}) {
  if (status == TEMPERA_OK) return OkStatus();
  // The library does not know what the command calls it.
  std::string message = tempera_error_message();
  const std::string library = "a smaller working height, such as ", ours = "a smaller --height, such as ";
  if (const size_t at = message.find(library); at != std::string::npos)
    message.replace(at, library.size(), ours);
  return {live::StatusOf(status).code(), InOptions(std::move(message), said)};
}

class ModelPainter final : public Painter {
 public:
  explicit ModelPainter(tempera_stylizer* stylizer) : stylizer_(stylizer) {}

  // As it is at the beginning, which is also what pictures get.
  Status Follow(const Steering& steering, const std::string& model) {
    TEMPERA_ASSIGN_OR_RETURN(schedule_, Schedule::Make(ControlsOf(stylizer_), steering, model));
    return Set(0);
  }
  ~ModelPainter() override { tempera_close(stylizer_); }

  // --stroke; how large the model's own are.
  // `says`: also what cannot be had.
  void Stroke(float share, const StrokePeriods& periods, bool says) {
    share_ = share;
    says_ = says;
    periods_ = periods;
  }

  Status Paint(const media::Frame& in, media::Frame* out) override {
    TEMPERA_RETURN_IF_ERROR(Lend(in).status());
    const tempera_image from = live::ImageOf(in);
    const tempera_image to = live::ImageOf(*out);
    return StatusOf(tempera_process(stylizer_, &from, &to));
  }
  Result<tempera_stylizer*> Lend(const media::Frame& in) override {
    if (share_ > 0 && (in.width != width_ || in.height != height_))
      TEMPERA_RETURN_IF_ERROR(SizeStrokes(in.width, in.height));
    return stylizer_;
  }
  Status SetMoment(double time_s) override { return schedule_.moves() ? Set(time_s) : OkStatus(); }
  Status SetValues(const std::string& name, const std::vector<float>& values) override {
    return StatusOf(tempera_set_named_parameter(stylizer_, name.c_str(), values.data(),
                                                static_cast<int32_t>(values.size())));
  }
  Status Reset() override { return StatusOf(tempera_reset(stylizer_)); }

  bool PaintsAlpha() const override { return tempera_paints_alpha(stylizer_) != 0; }

  std::vector<std::string> Notices() const override {
    std::vector<std::string> lines;
    for (int32_t i = 0; const char* line = tempera_notice(stylizer_, i); ++i)
      lines.push_back(InOptions(line));
    return lines;
  }

 private:
  Status Set(double time_s) {
    for (const Schedule::Value& value : schedule_.At(time_s)) {
      TEMPERA_RETURN_IF_ERROR(
          StatusOf(tempera_set_parameter(stylizer_, static_cast<int32_t>(value.control), value.values.data(),
                                         static_cast<int32_t>(value.values.size()))));
    }
    return OkStatus();
  }

  void SayReached(float reached) {
    const std::string line = "strokes are " + NumberToText(reached * 100.0, 1) +
                             "% of the picture, not the " + NumberToText(share_ * 100.0, 1) +
                             "% of --stroke: " +
                             (reached > share_ ? "a picture this small has no finer ones"
                                               : "at this size the network has no bolder ones");
    if (std::exchange(said_, line) != line) Note(line);
  }

  // Rows for frames of this size.
  Status SizeStrokes(int width, int height) {
    int32_t working_width = 0, working_height = 0;
    TEMPERA_RETURN_IF_ERROR(
        StatusOf(tempera_working_size(stylizer_, width, height, &working_width, &working_height)));
    const int side = std::min(working_width, working_height);
    const float size = StrokeSize(periods_, share_, side);
    const float reached = (periods_.fine + size * (periods_.bold - periods_.fine)) / static_cast<float>(side);
    if (says_ && std::abs(reached / share_ - 1) > 0.1f) SayReached(reached);
    if (tempera_find_parameter(stylizer_, "stroke_size") >= 0)  // else the working size alone does it
      TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_set_named_parameter(stylizer_, "stroke_size", &size, 1)));
    width_ = width;
    height_ = height;
    return OkStatus();
  }

  tempera_stylizer* const stylizer_;
  Schedule schedule_;
  bool says_ = false;
  float share_ = 0;  // 0: the model's strokes are left as they are
  StrokePeriods periods_;
  int width_ = 0, height_ = 0;  // of the frames that stroke_size was set for
  std::string said_;            // of strokes that are not as asked
};

// --stroke: the rows, and the size that the network works at where the line does not say. A file that does
// not say how large its strokes are has the rows alone.
Status ChooseStrokes(const PaintOptions& options, const std::string& model, tempera_stylizer* stylizer,
                     tempera_options* native, Steering* steering, StrokePeriods* periods) {
  const char* said = tempera_metadata(stylizer, "tempera.stroke_period");
  if (said != nullptr) {
    TEMPERA_ASSIGN_OR_RETURN(*periods, ParsePeriods(said));
    TEMPERA_ASSIGN_OR_RETURN(const float share, ParseStroke(options.stroke));
    if (native->working_width == 0 && native->working_height == 0)
      native->working_short_side = WorkingSide(*periods, share);
    return OkStatus();
  }
  if (options.stroke.back() == '%')
    return InvalidArgument(
        "'" + model + "' does not say how large its strokes are (metadata tempera.stroke_period): --stroke " +
        options.stroke + " needs that; --height makes them larger");
  Note(model + " does not say how large its strokes are: --stroke " + options.stroke +
       " is in pixels of the frame, not a share of it");
  const float size = options.stroke == "fine" ? 0.0f : options.stroke == "medium" ? 0.5f : 1.0f;
  steering->params.push_back({"stroke_size", {size}});
  return OkStatus();
}

// What the model has not.
void LeaveOutUnknown(const tempera_stylizer* stylizer, Steering* steering, std::vector<std::string>* lacks) {
  const auto is_unknown = [&](const Turn& turn) {
    if (tempera_find_parameter(stylizer, turn.name.c_str()) >= 0) return false;
    if (std::find(lacks->begin(), lacks->end(), turn.name) == lacks->end()) lacks->push_back(turn.name);
    return true;
  };
  std::erase_if(steering->params, is_unknown);
  for (Keyframe& key : steering->keys) std::erase_if(key.turns, is_unknown);
  std::erase_if(steering->keys, [](const Keyframe& key) { return key.turns.empty(); });
}

}  // namespace

Result<media::Frame> AllocatePainting(const Painter& painter, const media::Frame& picture, bool keeps_alpha) {
  if (painter.makes() == Painter::Makes::kMask)
    return media::Frame::Allocate(media::PixelFormat::kRgb, picture.width, picture.height);
  if (!painter.PaintsAlpha() || !keeps_alpha) return media::Frame::AllocateLike(picture);
  return media::Frame::Allocate(media::PixelFormat::kRgba, picture.width, picture.height);
}

Result<std::unique_ptr<Painter>> OpenPainter(const std::string& model_path, const PaintOptions& options) {
  tempera_options native = TEMPERA_OPTIONS_INIT;
  TEMPERA_ASSIGN_OR_RETURN(const engine::Precision precision, ParsePrecision(options.precision));
  native.precision = PrecisionOf(precision);
  native.working_width = options.working_width;
  native.working_height = options.working_height;
  const std::string cache = CacheFolder();
  if (options.host == nullptr) {
    native.cache_folder = cache.c_str();
    native.pin_threads = options.pin_threads;
    native.threads = options.threads;
  }
  native.host = options.host;
  TEMPERA_ASSIGN_OR_RETURN(const engine::NormStatistics statistics,
                           ParseNormStatistics(options.norm_statistics));
  if (statistics == engine::NormStatistics::kSmoothed) native.norm_statistics = TEMPERA_NORM_SMOOTHED;
  if (statistics == engine::NormStatistics::kCarried) native.norm_statistics = TEMPERA_NORM_CARRIED;
  std::vector<const char*> metadata;
  for (const auto& [key, value] : options.metadata) {
    metadata.push_back(key.c_str());
    metadata.push_back(value.c_str());
  }
  metadata.push_back(nullptr);
  native.metadata = metadata.data();
  tempera_stylizer* stylizer = nullptr;
  TEMPERA_RETURN_IF_ERROR(
      StatusOf(tempera_open_file(model_path.c_str(), &native, &stylizer), options.metadata));
  auto painter = std::make_unique<ModelPainter>(stylizer);
  Steering steering = options.steering;
  if (options.lacks != nullptr) LeaveOutUnknown(stylizer, &steering, options.lacks);
  if (!options.stroke.empty()) {
    StrokePeriods periods;
    TEMPERA_RETURN_IF_ERROR(ChooseStrokes(options, model_path, stylizer, &native, &steering, &periods));
    if (native.working_short_side > 0) {
      painter.reset();
      TEMPERA_RETURN_IF_ERROR(
          StatusOf(tempera_open_file(model_path.c_str(), &native, &stylizer), options.metadata));
      painter = std::make_unique<ModelPainter>(stylizer);
    }
    if (periods.bold > 0)
      painter->Stroke(ParseStroke(options.stroke).value(), periods, options.stroke.back() == '%');
  }
  if (options.strength >= 0)
    TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_set_strength(stylizer, options.strength)));
  // 0 is what the built-in ones begin with; a model's own begin with what its file says.
  constexpr float kOn = 1;
  if (options.keep_colors)
    TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_set_named_parameter(stylizer, "keep_colors", &kOn, 1)));
  if (options.steadiness != 0) {
    TEMPERA_RETURN_IF_ERROR(
        StatusOf(tempera_set_named_parameter(stylizer, "steadiness", &options.steadiness, 1)));
  }
  TEMPERA_RETURN_IF_ERROR(painter->Follow(steering, model_path));  // may turn steadiness too
  return std::unique_ptr<Painter>(std::move(painter));
}

}  // namespace tempera::cli
