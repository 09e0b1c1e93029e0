#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "cli/cli.h"
#include "cli/mask/mask_library.h"
#include "cli/replay/replay.h"
#include "cli/replay/replay_mask.h"
#include "cli/style_library.h"
#include "live/mirror.h"
#include "live/timeline/timeline_frame.h"

namespace tempera::cli {
namespace {

using live::TimelineChange;
using live::TimelineFrame;
using live::TimelineState;
using Makes = Painter::Makes;
using Values = std::map<std::string, std::vector<float>>;

// What containers round times to, and more: Matroska's milliseconds.
constexpr int64_t kRoundedUs = 1000;

class ReplayPainter final : public Painter {
 public:
  ReplayPainter(live::Timeline timeline, std::string name, ReplayOptions options, OpenFn open)
      : timeline_(std::move(timeline)),
        name_(std::move(name)),
        options_(std::move(options)),
        open_(std::move(open)),
        mask_(name_, options_, &found_) {}

  // Every file that it will want, before an hour is painted with the first.
  Status FindModels() {
    for (const TimelineChange& change : timeline_.changes) {
      const TimelineState& state = change.state;
      if (change.opens) TEMPERA_RETURN_IF_ERROR(Find(state.path, state.model_bytes, FindModel));
      if (!change.mask_opens) continue;
      const live::TimelineMask& mask = state.mask;
      TEMPERA_RETURN_IF_ERROR(Find(mask.cast.network, mask.network_bytes, FindBundledMask));
      for (size_t i = 0; i < mask.cast.regions.size(); ++i) {
        const std::string& style = mask.cast.regions[i].style.path;
        if (!style.empty()) TEMPERA_RETURN_IF_ERROR(Find(style, mask.style_bytes[i], FindModel));
      }
    }
    return OkStatus();
  }

  std::vector<int64_t> MomentsOf(int64_t index, int64_t pts_us) override {
    if (!options_.again) return {pts_us};
    std::vector<int64_t> moments;
    for (size_t i = next_; i < timeline_.frames.size() && timeline_.frames[i].source == index; ++i)
      moments.push_back(timeline_.frames[i].time_us);
    return moments;
  }

  Status SetMoment(double time_s) override {
    moment_us_ = static_cast<int64_t>(time_s * 1e6);
    return OkStatus();
  }

  Status Paint(const media::Frame& in, media::Frame* out) override {
    TEMPERA_RETURN_IF_ERROR(GoOn(in));
    media::Frame frame = in;
    const bool mirrored = !options_.again && state_.mirror;  // what was captured is so already
    if (mirrored) {
      TEMPERA_ASSIGN_OR_RETURN(frame, live::Mirrored(in));
    }
    if (!state_.mask.on && options_.makes == Makes::kMask) return mask_.MakeAll(out);
    if (!state_.mask.on) {
      TEMPERA_RETURN_IF_ERROR(painter_->Paint(frame, out));
      return options_.makes == Makes::kCutout ? mask_.MakeAll(out) : OkStatus();
    }
    TEMPERA_RETURN_IF_ERROR(mask_.Apply(state_.mask, frame));
    TEMPERA_ASSIGN_OR_RETURN(tempera_stylizer * own, painter_->Lend(frame));
    return mask_.Paint(own, frame, mirrored, out);
  }

  Result<tempera_stylizer*> Lend(const media::Frame& in) override {
    TEMPERA_RETURN_IF_ERROR(GoOn(in));
    if (state_.mask.on)
      return Unsupported("'" + name_ + "' has masks of its own: leave --mask and --region out");
    if (!options_.again && state_.mirror)
      return Unsupported(
          "'" + name_ + "' mirrors the picture, which masks do not follow: give the session's own recording");
    return painter_->Lend(in);
  }

  Makes makes() const override { return options_.makes; }
  double masked_share() const override { return mask_.share(); }

  Status AtEnd() override {
    if (!options_.again || next_ == timeline_.frames.size()) return OkStatus();
    Note("the recording ends " + std::to_string(timeline_.frames.size() - next_) + " paintings before '" +
         name_ + "' does: they are missing");
    return OkStatus();
  }

  std::vector<std::string> Notices() const override {
    return painter_ ? painter_->Notices() : std::vector<std::string>();
  }

 private:
  using FindBundledFn = Result<std::string> (*)(const std::string& word);
  // A file of the timeline's, or the bundled one of its name.
  Status Find(const std::string& named, int64_t live_bytes, FindBundledFn find_bundled) {
    if (found_.contains(named)) return OkStatus();
    std::error_code error;
    std::string path = named;
    if (!std::filesystem::is_regular_file(path, error)) {
      const Result<std::string> bundled = find_bundled(std::filesystem::path(path).stem().string());
      if (!bundled.ok()) {
        return NotFound("'" + name_ + "' was painted with '" + Printable(path) +
                        "', which is not there: put the model back");
      }
      path = *bundled;
    }
    const auto bytes = std::filesystem::file_size(path, error);
    if (!error && live_bytes > 0 && static_cast<int64_t>(bytes) != live_bytes)
      Note("'" + Printable(path) + "' is another file than the one painted with live: it paints otherwise");
    found_[named] = path;
    return OkStatus();
  }

  // To the moment of the frame that comes now.
  Status GoOn(const media::Frame& in) {
    while (next_change_ < timeline_.changes.size() && IsDue(timeline_.changes[next_change_]))
      Take(timeline_.changes[next_change_++]);
    TEMPERA_RETURN_IF_ERROR(Apply());
    if (!options_.again) return OkStatus();
    TEMPERA_RETURN_IF_ERROR(CheckFrame(in));
    ++next_;
    return OkStatus();
  }

  bool IsDue(const TimelineChange& change) const {
    if (options_.again) return change.frame <= next_;
    return next_change_ == 0 || timeline_.frames[change.frame].time_us <= moment_us_ + kRoundedUs;
  }

  void Take(const TimelineChange& change) {
    state_ = change.state;
    if (change.opens) {
      wanted_ = found_.at(state_.path);
      height_ = options_.again ? state_.height : state_.asked_height;
      opens_ = true;
      values_.clear();
      turned_.clear();
    }
    if (change.mask_opens || !state_.mask.on) mask_.Forget();
    for (size_t i = 0; i < change.mask_values.size(); ++i) mask_.Set(i, change.mask_values[i]);
    resets_ = resets_ || change.reset;
    for (const auto& [parameter, values] : change.values) {
      values_[parameter] = values;
      turned_[parameter] = values;
    }
  }

  // Where another film is painted, at a size of its own, a model that the session opened for another size
  // goes on.
  bool GoesOn(const PaintOptions& paint) const {
    if (options_.again || !painter_ || wanted_ != opened_ || paint.working_height != opened_height_)
      return false;
    return std::all_of(set_.begin(), set_.end(),
                       [&](const auto& set) { return values_.contains(set.first); });
  }

  Status Apply() {
    if (std::exchange(opens_, false)) {
      PaintOptions paint = options_.paint;
      if (options_.again || (paint.working_width == 0 && paint.working_height == 0))
        paint.working_width = 0, paint.working_height = height_;
      if (!GoesOn(paint)) {
        mask_.ForgetOwn();
        painter_.reset();  // memory for one
        TEMPERA_ASSIGN_OR_RETURN(painter_, open_(wanted_, paint));
        opened_ = wanted_;
        opened_height_ = paint.working_height;
        set_.clear();
        for (const Turn& turn : options_.held)
          TEMPERA_RETURN_IF_ERROR(painter_->SetValues(turn.name, turn.values));
      }
    }
    for (const auto& [parameter, values] : std::exchange(turned_, {})) {
      const Status status = painter_->SetValues(parameter, values);
      if (!status.ok()) return Status(status.code(), "'" + name_ + "': " + status.message());
      set_[parameter] = values;
    }
    if (!std::exchange(resets_, false) || !options_.again) return OkStatus();
    mask_.Reset();
    return painter_->Reset();
  }

  // Of a recording whose source changed midway, that lost what its pixels mean, or that is another.
  Status CheckFrame(const media::Frame& in) const {
    if (in.width != state_.width || in.height != state_.lines) {
      return Unsupported("frame " + std::to_string(timeline_.frames[next_].source) + " was " +
                         std::to_string(state_.width) + "x" + std::to_string(state_.lines) +
                         " live, and is " + std::to_string(in.width) + "x" + std::to_string(in.height) +
                         " in the recording: give another quality (--height, say) to paint all its frames");
    }
    if (static_cast<int>(in.matrix) != state_.matrix || in.full_range != state_.full_range) {
      return Unsupported(
          "the recording's colours are not coded as those painted live (matrix or range): give another "
          "quality "
          "(--height, say) to paint all its frames");
    }
    if (live::SumOf(in) == timeline_.frames[next_].sum) return OkStatus();
    return InvalidArgument(
        "frame " + std::to_string(timeline_.frames[next_].source) + " of the input is not the one that '" +
        name_ +
        "' was painted from: give the recording as it is, or another quality (--height, say) to "
        "paint all its frames");
  }

  const live::Timeline timeline_;
  const std::string name_;
  const ReplayOptions options_;
  const OpenFn open_;
  std::map<std::string, std::string> found_;  // where the timeline's models are

  size_t next_change_ = 0;
  size_t next_ = 0;  // of the timeline's frames, when they are painted again
  int64_t moment_us_ = 0;
  TimelineState state_;
  std::string wanted_, opened_;  // model files
  int height_ = 0, opened_height_ = 0;
  bool opens_ = false, resets_ = false;
  Values values_;  // set since the model was opened live
  Values turned_;  // those not set here yet
  Values set_;     // those set here
  std::unique_ptr<Painter> painter_;
  ReplayMask mask_;  // goes before the painter that it paints with
};

}  // namespace

Result<std::unique_ptr<Painter>> MakeReplay(live::Timeline timeline, const std::string& name,
                                            const ReplayOptions& options, OpenFn open) {
  ReplayOptions chosen = options;
  PaintOptions& paint = chosen.paint;
  paint.strength = -1;
  paint.steadiness = 0;
  paint.keep_colors = false;
  paint.steering = {};
  paint.stroke.clear();
  if (chosen.again) {
    paint.precision = timeline.info.precision;
    paint.norm_statistics = timeline.info.norm_statistics;
  }
  auto painter = std::make_unique<ReplayPainter>(std::move(timeline), name, chosen, std::move(open));
  TEMPERA_RETURN_IF_ERROR(painter->FindModels());
  return std::unique_ptr<Painter>(std::move(painter));
}

}  // namespace tempera::cli
