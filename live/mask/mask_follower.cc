#include "live/mask/mask_follower.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace tempera::live {

// Files are looked for once for the same words.
Result<MaskCast> MaskFollower::Meant(const MaskSettings& asked) {
  if (asked_ && words_.SameRegions(asked)) return meant_;
  asked_ = true;
  words_ = asked;
  meant_ = find_ ? find_(asked) : Result<MaskCast>(Unsupported("nothing can be masked here"));
  if (!meant_.ok()) meant_fault_ = find_ ? FaultOf(asked, find_) : MaskFault();
  return meant_;
}

// Words are looked at all the same where somebody said them meanwhile: what is wrong is not kept for later.
void MaskFollower::FollowOff(const MaskSettings& asked, Change* change) {
  if (!held_) held_ = asked;
  held_->on = false;
  MaskSettings words = asked;
  words.numbers = held_->numbers;
  if (words == *held_) {
    asked_ = false;  // a file that is there by then is found
  } else if (const Result<MaskCast> cast = Meant(asked); !cast.ok()) {
    Refuse(asked, meant_fault_, cast.status());
  }
  refused_.reset();
  open_trouble_.clear();
  Watch(nullptr, 0);
  Unmask(change);
}

void MaskFollower::Refuse(const MaskSettings& asked, const MaskFault& fault, const Status& why) {
  open_trouble_ = why.message();
  taken_back_.reset();
  if (!held_) return;
  MaskSettings instead = TakenBack(asked, *held_, fault);
  if (!instead.SameRegions(asked)) taken_back_ = RefusedMask{asked, std::move(instead), why.message()};
}

std::optional<RefusedMask> MaskFollower::TakeRefused() {
  std::optional<RefusedMask> taken = std::exchange(taken_back_, std::nullopt);
  if (taken) open_trouble_.clear();
  return taken;
}

Status MaskFollower::Follow(const Settings& settings, const media::Frame& like, bool first, Change* change) {
  taken_back_.reset();
  if (!settings.mask.on) {
    FollowOff(settings.mask, change);
    return OkStatus();
  }
  const Result<MaskCast> cast = Meant(settings.mask);
  if (!cast.ok()) {
    Refuse(settings.mask, meant_fault_, cast.status());
    Watch(nullptr, 0);
    return first ? cast.status() : OkStatus();
  }
  const int height = cast->has_styles() ? settings.height : 0;
  Watch(&*cast, height);
  const auto fits = [&] { return layers_ && layers_->cast() == *cast && layers_->height() == height; };
  const auto is_refused = [&] { return refused_ && *refused_ == *cast && refused_height_ == height; };
  if (!fits() && !opening_ && !is_refused()) TEMPERA_RETURN_IF_ERROR(Begin(*cast, height, like));
  if (first && opening_) {
    opening_->Wait();
    if (const Status status = Arrive(); !status.ok()) return status;
    if (!fits()) return refused_status_;
  }
  if (!fits()) {
    if (is_refused()) Refuse(settings.mask, refused_fault_, refused_status_);
    return OkStatus();
  }
  held_ = settings.mask;
  open_trouble_.clear();
  refused_.reset();
  MaskWithIt(change);
  return OkStatus();
}

Status MaskFollower::Begin(const MaskCast& cast, int height, const media::Frame& like) {
  try {
    std::lock_guard lock(mutex_);
    if (stopped_) return {StatusCode::kCancelled, "stopped"};
    opening_ = std::make_unique<Opening<MaskLayers>>(
        std::make_unique<MaskLayers>(options_, cast, WorkingSize{height, 0}),
        [like](MaskLayers* layers) { return layers->Open(like); });
    return OkStatus();
  } catch (const std::system_error& e) {
    return OutOfMemory(std::string("cannot start a thread: ") + e.what());
  }
}

// What is not wanted any more is given up, and let go once it has come to an end by itself: joining it before
// would hold the painting up.
void MaskFollower::Watch(const MaskCast* wanted, int height) {
  if (!opening_) return;
  const bool is_wanted =
      wanted != nullptr && opening_->what().cast() == *wanted && opening_->what().height() == height;
  if (!is_wanted && !opening_->cancelled()) opening_->Cancel();
  if (!opening_->done()) return;
  if (!opening_->cancelled()) {
    (void)Arrive();
    return;
  }
  std::unique_ptr<Opening<MaskLayers>> gone;
  std::lock_guard lock(mutex_);
  gone = std::move(opening_);
}

Status MaskFollower::Arrive() {
  std::unique_ptr<Opening<MaskLayers>> opening;
  {
    std::lock_guard lock(mutex_);
    opening = std::move(opening_);
    if (stopped_) return {StatusCode::kCancelled, "stopped"};
  }
  MaskCast cast = opening->what().cast();
  const int height = opening->what().height();
  const MaskFault fault = opening->what().fault();
  Result<std::unique_ptr<MaskLayers>> layers = opening->Take();
  if (!layers.ok()) {
    refused_status_ = layers.status();
    open_trouble_ = layers.status().message();
    refused_ = std::make_unique<MaskCast>(std::move(cast));
    refused_height_ = height;
    refused_fault_ = fault;
    return layers.status().code() == StatusCode::kCancelled ? layers.status() : OkStatus();
  }
  std::unique_ptr<MaskLayers> old;
  std::lock_guard lock(mutex_);
  old = std::exchange(layers_, std::move(layers).value());
  ++version_;
  // The one before masked the frame before; what comes is said when it does.
  masks_ = false;
  return OkStatus();
}

void MaskFollower::MaskWithIt(Change* change) {
  if (std::exchange(masks_, true)) return;
  layers_->ForgetOwn();
  SayAll(change);
  change->reset = true;
}

void MaskFollower::Unmask(Change* change) {
  if (!std::exchange(masks_, false)) return;
  change->mask = {};
  change->mask.off = true;
  change->reset = true;
}

void MaskFollower::GiveUp(const Status& why, Change* change) {
  open_trouble_ = why.message();
  refused_status_ = why;
  refused_ = std::make_unique<MaskCast>(layers_->cast());
  refused_height_ = layers_->height();
  refused_fault_ = {};
  Unmask(change);
  std::lock_guard lock(mutex_);
  layers_.reset();
}

void MaskFollower::SayAll(Change* change) const {
  if (!masks_) return;
  MaskChange& mask = change->mask;
  mask = {};
  mask.opens = true;
  mask.cast = layers_->cast();
  mask.height = layers_->height();
  mask.numbers = layers_->numbers();
  for (const auto& style : layers_->styles()) {
    mask.values.emplace_back();
    for (const Parameter& p : style->parameters()) {
      // The style is the file's and the cast's.
      if (p.kind != TEMPERA_PARAMETER_WEIGHTS) mask.values.back()[p.name] = style->applied().at(p.name);
    }
  }
}

void MaskFollower::Turn(const Settings& settings, Change* change) {
  value_trouble_.clear();
  if (!masks_) return;
  const MaskNumbers numbers = Clamped(settings.mask.numbers);
  if (numbers != layers_->numbers()) {
    const Status status = layers_->SetNumbers(numbers);
    if (status.ok()) {
      change->mask.numbers = numbers;
    } else {
      value_trouble_ = status.message();
    }
  }
  const auto& styles = layers_->styles();
  for (size_t i = 0; i < styles.size(); ++i) {
    for (const Parameter& p : styles[i]->parameters()) {
      if (p.kind == TEMPERA_PARAMETER_WEIGHTS) continue;
      std::vector<float> wanted = p.defaults;
      if (const auto set = settings.values.find(p.name);
          set != settings.values.end() && set->second.size() == p.defaults.size())
        wanted = set->second;
      for (float& value : wanted) value = std::clamp(value, p.minimum, p.maximum);
      if (styles[i]->applied().at(p.name) == wanted) continue;
      if (const Status refused = styles[i]->Set(p.name, wanted); !refused.ok()) {
        value_trouble_ = refused.message();
        continue;
      }
      change->mask.values.resize(styles.size());
      change->mask.values[i][p.name] = std::move(wanted);
    }
  }
}

std::vector<std::string> MaskFollower::classes() const {
  return layers_ ? layers_->classes() : std::vector<std::string>();
}

std::string MaskFollower::trouble() const {
  if (open_trouble_.empty() || value_trouble_.empty()) return open_trouble_ + value_trouble_;
  return open_trouble_ + "; " + value_trouble_;
}

void MaskFollower::Stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  if (opening_) opening_->Cancel();
  if (layers_) layers_->Cancel();
}

}  // namespace tempera::live
