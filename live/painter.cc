#include "live/painter.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <utility>

#include "live/engine_image.h"
#include "live/mask/mask_follower.h"
#include "live/opening.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

class ModelPainter final : public Painter {
 public:
  ModelPainter(PainterOptions options, FindStyleFn find, FindMaskFn find_mask)
      : options_(std::move(options)), find_(std::move(find)), mask_(options_, std::move(find_mask)) {}

  Status Paint(const SourceFrame& in, const Settings& settings, media::Frame* out, Change* change) override {
    TEMPERA_RETURN_IF_ERROR(Follow(settings, in.frame, change));
    Apply(settings, change);
    TEMPERA_RETURN_IF_ERROR(mask_.Follow(settings, in.frame, working_height_ == 0, change));
    mask_.Turn(settings, change);
    if (restate_.exchange(false)) SayAll(change);
    change->reset = in.cut || change->reset;
    TEMPERA_RETURN_IF_ERROR(PaintFrame(in.frame, change, out));
    int32_t width = 0, height = 0;
    TEMPERA_RETURN_IF_ERROR(
        StatusOf(tempera_working_size(model_->stylizer(), in.frame.width, in.frame.height, &width, &height)));
    working_width_ = width;
    working_height_ = height;
    return OkStatus();
  }

  void Restate() override { restate_ = true; }

  std::vector<Parameter> Parameters() const override {
    std::vector<Parameter> parameters = model_ ? model_->parameters() : std::vector<Parameter>();
    for (Parameter& p : parameters) {
      if (const auto own = base_.find(p.name); own != base_.end()) p.defaults = own->second;
    }
    return parameters;
  }
  int working_width() const override { return working_width_; }
  int working_height() const override { return working_height_; }
  int height() const override { return model_ ? model_->height() : 0; }
  bool opening() const override { return opening_ != nullptr || mask_.opening(); }
  std::vector<std::string> MaskClasses() const override { return mask_.classes(); }
  PaintedMask mask() const override {
    return mask_.layers() != nullptr ? mask_.layers()->painted() : PaintedMask();
  }
  std::optional<RefusedMask> TakeRefusedMask() override { return mask_.TakeRefused(); }
  uint64_t parameters_version() const override { return parameters_version_ + mask_.version(); }
  std::string trouble() const override {
    std::string all;
    for (const std::string& each : {style_trouble_, open_trouble_, value_trouble_, mask_.trouble()}) {
      if (!each.empty()) all += (all.empty() ? "" : "; ") + each;
    }
    return all;
  }

  void Stop() override {
    mask_.Stop();
    std::lock_guard lock(mutex_);
    stopped_ = true;
    if (opening_) opening_->Cancel();
    if (model_) model_->Cancel();
  }

 private:
  Status PaintFrame(const media::Frame& in, Change* change, media::Frame* out) {
    if (MaskLayers* layers = mask_.layers()) {
      const Status masked = layers->Paint(model_->stylizer(), in, out, change->reset);
      if (masked.ok() || masked.code() == StatusCode::kCancelled) return masked;
      // A source of another size, say, that the network does not take: the frame is painted all the same.
      mask_.GiveUp(masked, change);
    }
    const tempera_image from = ImageOf(in), to = ImageOf(*out);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.cut = change->reset;
    return StatusOf(tempera_process_frame(model_->stylizer(), &from, &to, &params));
  }

  // The file that the settings mean; the last one's where the word means none, which style_trouble_ says.
  Result<ModelFile> Meant(const Settings& settings) {
    if (asked_ && settings.style == word_) return meant_;
    Result<ModelFile> found = find_(settings.style);
    if (!found.ok()) {
      if (!asked_) return found.status();
      style_trouble_ = found.status().message();
      word_ = settings.style;
      return meant_;
    }
    asked_ = true;
    style_trouble_.clear();
    word_ = settings.style;
    meant_ = std::move(found).value();
    return meant_;
  }

  bool Fits(const ModelFile& meant, int height) const {
    return model_ && model_->path() == meant.path && model_->height() == height;
  }

  // Opens what is asked for, or goes on with what there is.
  Status Follow(const Settings& settings, const media::Frame& like, Change* change) {
    TEMPERA_ASSIGN_OR_RETURN(const ModelFile meant, Meant(settings));
    if (opening_) TEMPERA_RETURN_IF_ERROR(Watch(meant, settings.height, change));
    if (Fits(meant, settings.height)) {
      open_trouble_.clear();
      refused_path_.clear();
      return StyleOf(meant);
    }
    const bool refused = meant.path == refused_path_ && settings.height == refused_height_;
    if (!opening_ && !refused) {
      try {
        std::lock_guard lock(mutex_);
        if (stopped_) return {StatusCode::kCancelled, "stopped"};
        opening_ = std::make_unique<Opening<Model>>(
            std::make_unique<Model>(options_, ModelFile{meant.path, ""}, settings.height),
            [like](Model* model) { return model->Open(like, nullptr); });
      } catch (const std::system_error& e) {
        return OutOfMemory(std::string("cannot start a thread: ") + e.what());
      }
    }
    if (!model_) {
      if (!opening_) return NotFound(open_trouble_);
      opening_->Wait();
      TEMPERA_RETURN_IF_ERROR(Arrive(change));
      if (!model_) return first_error_;
    }
    // A style of a file that is not here yet is not one of the file that is.
    return model_->path() == meant.path ? StyleOf(meant) : OkStatus();
  }

  // What is being opened and is not what is meant any more is given up: nothing is painted with it. It is let
  // go once it has come to an end by itself, since joining it before would hold the painting up.
  Status Watch(const ModelFile& meant, int height, Change* change) {
    const bool wanted = opening_->what().path() == meant.path && opening_->what().height() == height;
    if (!wanted && !opening_->cancelled()) opening_->Cancel();
    if (!opening_->done()) return OkStatus();
    // One that was cancelled stays so, also where the same is meant again by now: that is opened anew.
    if (!opening_->cancelled()) return Arrive(change);
    std::unique_ptr<Opening<Model>> gone;
    std::lock_guard lock(mutex_);
    if (stopped_) return {StatusCode::kCancelled, "stopped"};
    gone = std::move(opening_);
    return OkStatus();
  }

  // The opened model takes the place of the one that painted, where it could be opened.
  Status Arrive(Change* change) {
    std::unique_ptr<Opening<Model>> opening;
    {
      std::lock_guard lock(mutex_);
      opening = std::move(opening_);
    }
    const std::string path = opening->what().path();
    const int height = opening->what().height();
    Result<std::unique_ptr<Model>> model = opening->Take();
    if (!model.ok()) {
      first_error_ = model.status();
      open_trouble_ = model.status().message();
      refused_path_ = path;
      refused_height_ = height;
      return model.status().code() == StatusCode::kCancelled ? model.status() : OkStatus();
    }
    std::unique_ptr<Model> old;
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return {StatusCode::kCancelled, "stopped"};
      old = std::exchange(model_, std::move(model).value());
    }
    open_trouble_.clear();
    refused_path_.clear();
    style_known_ = false;
    ++parameters_version_;
    if (mask_.layers() != nullptr) mask_.layers()->ForgetOwn();
    change->path = model_->path();
    change->height = model_->height();
    change->reset = true;
    return OkStatus();
  }

  // What the style that was asked for makes of the shares of styles.
  Status StyleOf(const ModelFile& meant) {
    if (style_known_ && meant.style == style_) return OkStatus();
    base_.clear();
    ++parameters_version_;
    if (!meant.style.empty()) {
      // The library knows which parameter that is; it is asked, and set back.
      if (const Status none = StatusOf(tempera_set_style(model_->stylizer(), meant.style.c_str()));
          !none.ok()) {
        if (working_height_ == 0) return none;  // nothing was painted yet
        style_trouble_ = none.message();
        style_ = meant.style;
        style_known_ = true;
        return OkStatus();
      }
      for (const Parameter& p : model_->parameters()) {
        if (p.kind != TEMPERA_PARAMETER_WEIGHTS) continue;
        base_[p.name] = model_->Get(p);
        TEMPERA_RETURN_IF_ERROR(model_->Set(p.name, std::vector<float>(model_->applied().at(p.name))));
      }
    }
    style_ = meant.style;
    style_known_ = true;
    return OkStatus();
  }

  // Values come from files and from models painted before as well: into the ranges of this one, as Controls
  // does it. What the library then refuses stays as it was, and is said.
  void Apply(const Settings& settings, Change* change) {
    value_trouble_.clear();
    for (const Parameter& p : model_->parameters()) {
      std::vector<float> wanted = p.defaults;
      if (const auto own = base_.find(p.name); own != base_.end()) wanted = own->second;
      if (const auto set = settings.values.find(p.name);
          set != settings.values.end() && set->second.size() == p.defaults.size())
        wanted = set->second;
      for (float& value : wanted) value = std::clamp(value, p.minimum, p.maximum);
      if (model_->applied().at(p.name) == wanted) continue;
      if (const Status refused = model_->Set(p.name, wanted); !refused.ok()) {
        value_trouble_ = refused.message();
        continue;
      }
      change->values[p.name] = std::move(wanted);
    }
  }

  // As if the model had been opened for this frame.
  void SayAll(Change* change) const {
    change->path = model_->path();
    change->height = model_->height();
    change->reset = true;
    for (const auto& [name, values] : model_->applied()) change->values[name] = values;
    mask_.SayAll(change);
  }

  const PainterOptions options_;
  const FindStyleFn find_;
  std::atomic<bool> restate_{false};
  std::mutex mutex_;  // of model_ and opening_ as Stop sees them
  bool stopped_ = false;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Opening<Model>> opening_;
  bool asked_ = false;
  std::string word_;  // of the style that was asked for last
  ModelFile meant_;   // what that, or the last good one, means
  std::string style_;
  bool style_known_ = false;
  std::map<std::string, std::vector<float>> base_;  // shares of styles, by the style asked for
  uint64_t parameters_version_ = 0;
  // Of the word or the style, of what was opened last, of values: each lasts until its own cause is gone.
  std::string style_trouble_, open_trouble_, value_trouble_;
  Status first_error_;
  // What could not be opened last is not tried again before something else is opened or fits.
  std::string refused_path_;
  int refused_height_ = -1;
  int working_width_ = 0, working_height_ = 0;
  MaskFollower mask_;  // goes before the model that it paints with
};

}  // namespace

std::unique_ptr<Painter> MakePainter(const PainterOptions& options, FindStyleFn find, FindMaskFn find_mask) {
  return std::make_unique<ModelPainter>(options, std::move(find), std::move(find_mask));
}

}  // namespace tempera::live
