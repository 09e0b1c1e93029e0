#include "live/painter.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "live/engine_image.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

Result<tempera_options> OptionsOf(const PainterOptions& options, int height) {
  tempera_options native = TEMPERA_OPTIONS_INIT;
  native.threads = options.threads;
  native.working_height = height;
  native.cache_folder = options.cache_folder.empty() ? nullptr : options.cache_folder.c_str();
  if (options.precision == "auto") {
    native.precision = TEMPERA_PRECISION_AUTO;
  } else if (options.precision == "fp32") {
    native.precision = TEMPERA_PRECISION_FP32;
  } else if (options.precision == "bf16") {
    native.precision = TEMPERA_PRECISION_BF16;
  } else if (options.precision == "int8") {
    native.precision = TEMPERA_PRECISION_INT8;
  } else {
    return InvalidArgument("'" + options.precision + "' is no precision: write auto, fp32, bf16 or int8");
  }
  if (options.norm_statistics == "smoothed") {
    native.norm_statistics = TEMPERA_NORM_SMOOTHED;
  } else if (options.norm_statistics == "carried") {
    native.norm_statistics = TEMPERA_NORM_CARRIED;
  } else if (options.norm_statistics != "exact") {
    return InvalidArgument("'" + options.norm_statistics +
                           "' are no norm statistics: write exact, smoothed or carried");
  }
  return native;
}

// A model open at one working size.
struct Model {
  std::string path;
  int height = 0;
  tempera_stylizer* stylizer = nullptr;
  std::vector<Parameter> parameters;                  // with the file's own defaults
  std::map<std::string, std::vector<float>> applied;  // what each is set to
  Model() = default;
  Model(const Model&) = delete;
  ~Model() { tempera_close(stylizer); }
};

// What opens a model on a thread of its own, so that painting goes on meanwhile.
class Opening {
 public:
  Opening(const PainterOptions& options, std::string path, int height, const media::Frame& like)
      : path_(std::move(path)), height_(height), width_px_(like.width), height_px_(like.height) {
    format_ = ImageOf(like).format;
    thread_ = std::thread([this, options] { Work(options); });
  }
  ~Opening() {
    Cancel();
    thread_.join();
  }

  bool done() const { return done_.load(std::memory_order_acquire); }
  const std::string& path() const { return path_; }
  int height() const { return height_; }
  bool cancelled() const {
    std::lock_guard lock(mutex_);
    return cancelled_;
  }
  void Cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (model_ != nullptr) tempera_set_cancelled(model_->stylizer, 1);
  }
  void Wait() {
    while (!done()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  // Once, when done.
  Result<std::unique_ptr<Model>> Take() {
    std::lock_guard lock(mutex_);
    if (!status_.ok()) return status_;
    return std::move(model_);
  }

 private:
  void Work(const PainterOptions& options) {
    Status status = Open(options);
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
    done_.store(true, std::memory_order_release);
  }
  Status Open(const PainterOptions& options) {
    TEMPERA_ASSIGN_OR_RETURN(const tempera_options native, OptionsOf(options, height_));
    auto model = std::make_unique<Model>();
    model->path = path_;
    model->height = height_;
    TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_open_file(path_.c_str(), &native, &model->stylizer)));
    model->parameters = ParametersOf(model->stylizer);
    for (const Parameter& p : model->parameters) {
      std::vector<float>& values = model->applied[p.name];
      values.resize(p.defaults.size());
      TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_get_named_parameter(
          model->stylizer, p.name.c_str(), values.data(), static_cast<int32_t>(values.size()))));
    }
    tempera_stylizer* const stylizer = model->stylizer;
    {
      std::lock_guard lock(mutex_);
      model_ = std::move(model);
      if (cancelled_) return {StatusCode::kCancelled, "stopped"};
    }
    return StatusOf(tempera_prepare(stylizer, width_px_, height_px_, format_));
  }

  const std::string path_;
  const int height_, width_px_, height_px_;
  int32_t format_ = 0;
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::unique_ptr<Model> model_;
  Status status_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

class ModelPainter final : public Painter {
 public:
  ModelPainter(PainterOptions options, FindStyleFn find)
      : options_(std::move(options)), find_(std::move(find)) {}

  Status Paint(const SourceFrame& in, const Settings& settings, media::Frame* out, Change* change) override {
    TEMPERA_RETURN_IF_ERROR(Follow(settings, in.frame, change));
    Apply(settings, change);
    if (restate_.exchange(false)) SayAll(change);
    const tempera_image from = ImageOf(in.frame), to = ImageOf(*out);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.cut = in.cut || change->reset;
    change->reset = params.cut != 0;
    TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_process_frame(model_->stylizer, &from, &to, &params)));
    int32_t width = 0, height = 0;
    TEMPERA_RETURN_IF_ERROR(
        StatusOf(tempera_working_size(model_->stylizer, in.frame.width, in.frame.height, &width, &height)));
    working_width_ = width;
    working_height_ = height;
    return OkStatus();
  }

  void Restate() override { restate_ = true; }

  std::vector<Parameter> Parameters() const override {
    std::vector<Parameter> parameters = model_ ? model_->parameters : std::vector<Parameter>();
    for (Parameter& p : parameters) {
      if (const auto own = base_.find(p.name); own != base_.end()) p.defaults = own->second;
    }
    return parameters;
  }
  int working_width() const override { return working_width_; }
  int working_height() const override { return working_height_; }
  int height() const override { return model_ ? model_->height : 0; }
  bool opening() const override { return opening_ != nullptr; }
  uint64_t parameters_version() const override { return parameters_version_; }
  std::string trouble() const override {
    std::string all;
    for (const std::string* each : {&style_trouble_, &open_trouble_, &value_trouble_}) {
      if (!each->empty()) all += (all.empty() ? "" : "; ") + *each;
    }
    return all;
  }

  void Stop() override {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    if (opening_) opening_->Cancel();
    if (model_) tempera_set_cancelled(model_->stylizer, 1);
  }

 private:
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
    return model_ && model_->path == meant.path && model_->height == height;
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
        opening_ = std::make_unique<Opening>(options_, meant.path, settings.height, like);
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
    return model_->path == meant.path ? StyleOf(meant) : OkStatus();
  }

  // What is being opened and is not what is meant any more is given up: nothing is painted with it. It is let
  // go once it has come to an end by itself, since joining it before would hold the painting up.
  Status Watch(const ModelFile& meant, int height, Change* change) {
    const bool wanted = opening_->path() == meant.path && opening_->height() == height;
    if (!wanted && !opening_->cancelled()) opening_->Cancel();
    if (!opening_->done()) return OkStatus();
    // One that was cancelled stays so, also where the same is meant again by now: that is opened anew.
    if (!opening_->cancelled()) return Arrive(change);
    std::unique_ptr<Opening> gone;
    std::lock_guard lock(mutex_);
    if (stopped_) return {StatusCode::kCancelled, "stopped"};
    gone = std::move(opening_);
    return OkStatus();
  }

  // The opened model takes the place of the one that painted, where it could be opened.
  Status Arrive(Change* change) {
    std::unique_ptr<Opening> opening;
    {
      std::lock_guard lock(mutex_);
      opening = std::move(opening_);
    }
    Result<std::unique_ptr<Model>> model = opening->Take();
    if (!model.ok()) {
      first_error_ = model.status();
      open_trouble_ = model.status().message();
      refused_path_ = opening->path();
      refused_height_ = opening->height();
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
    change->path = model_->path;
    change->height = model_->height;
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
      if (const Status none = StatusOf(tempera_set_style(model_->stylizer, meant.style.c_str()));
          !none.ok()) {
        if (working_height_ == 0) return none;  // nothing was painted yet
        style_trouble_ = none.message();
        style_ = meant.style;
        style_known_ = true;
        return OkStatus();
      }
      for (const Parameter& p : model_->parameters) {
        if (p.kind != TEMPERA_PARAMETER_WEIGHTS) continue;
        std::vector<float> values(p.defaults.size());
        const auto count = static_cast<int32_t>(values.size());
        TEMPERA_RETURN_IF_ERROR(
            StatusOf(tempera_get_named_parameter(model_->stylizer, p.name.c_str(), values.data(), count)));
        base_[p.name] = values;
        const std::vector<float>& before = model_->applied[p.name];
        TEMPERA_RETURN_IF_ERROR(
            StatusOf(tempera_set_named_parameter(model_->stylizer, p.name.c_str(), before.data(), count)));
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
    for (const Parameter& p : model_->parameters) {
      std::vector<float> wanted = p.defaults;
      if (const auto own = base_.find(p.name); own != base_.end()) wanted = own->second;
      if (const auto set = settings.values.find(p.name);
          set != settings.values.end() && set->second.size() == p.defaults.size())
        wanted = set->second;
      for (float& value : wanted) value = std::clamp(value, p.minimum, p.maximum);
      std::vector<float>& applied = model_->applied[p.name];
      if (applied == wanted) continue;
      if (const Status refused = StatusOf(tempera_set_named_parameter(
              model_->stylizer, p.name.c_str(), wanted.data(), static_cast<int32_t>(wanted.size())));
          !refused.ok()) {
        value_trouble_ = refused.message();
        continue;
      }
      applied = wanted;
      change->values[p.name] = std::move(wanted);
    }
  }

  // As if the model had been opened for this frame.
  void SayAll(Change* change) const {
    change->path = model_->path;
    change->height = model_->height;
    change->reset = true;
    for (const auto& [name, values] : model_->applied) change->values[name] = values;
  }

  const PainterOptions options_;
  const FindStyleFn find_;
  std::atomic<bool> restate_{false};
  std::mutex mutex_;  // of model_ and opening_ as Stop sees them
  bool stopped_ = false;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Opening> opening_;
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
};

}  // namespace

std::unique_ptr<Painter> MakePainter(const PainterOptions& options, FindStyleFn find) {
  return std::make_unique<ModelPainter>(options, std::move(find));
}

}  // namespace tempera::live
