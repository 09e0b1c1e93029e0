#include "plugins/obs/painter.h"

#ifdef __linux__
#include <sys/resource.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tempera::plugins::obs {
namespace {

uint64_t Nanoseconds() {
  return static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

// Painting gives way to the program that it paints for: what draws its picture and sends it off is not to
// wait for a core. Threads that this one starts are the same. Elsewhere than on Linux nothing is done.
void GiveWay() {
#ifdef __linux__
  constexpr int kNicer = 10;  // a tenth of an ordinary thread's share where both want all of a core
  (void)setpriority(PRIO_PROCESS, 0, kNicer);  // 0: this thread
#endif
}

std::vector<float> ValuesOf(const tempera_parameter_info& info, const Look& look) {
  std::vector<float> values(info.defaults, info.defaults + info.count);
  for (const ParameterValue& wanted : look.values)
    if (wanted.name == info.name && wanted.element < values.size() && std::isfinite(wanted.value))
      values[wanted.element] = std::clamp(wanted.value, info.minimum, info.maximum);
  return values;
}

// Those that the model has: shares of another file's styles may have been left behind.
Shares KnownShares(Stylizer& stylizer, const Shares& shares) {
  Shares known;
  for (int i = 0; i < stylizer.ParameterCount() && known.empty(); ++i) {
    const Expected<tempera_parameter_info> info = stylizer.ParameterInfo(i);
    if (!info || info->kind != TEMPERA_PARAMETER_WEIGHTS) continue;
    for (const auto& [name, share] : shares)
      if (tempera_find_element(stylizer.handle(), i, name.c_str()) >= 0)
        known.emplace_back(name, std::clamp(share, info->minimum, info->maximum));
  }
  return known;
}

// Sets every parameter of the model as `look` and `choice` say.
Error ApplyStyle(Stylizer& stylizer, const Look& look, const Shares& wanted, const StyleChoice& choice) {
  for (int i = 0; i < stylizer.ParameterCount(); ++i) {
    const Expected<tempera_parameter_info> info = stylizer.ParameterInfo(i);
    if (!info) return info.error();
    if (Error error = stylizer.SetParameter(info->name, ValuesOf(*info, look))) return error;
  }
  const Shares shares = KnownShares(stylizer, wanted);
  if (!shares.empty()) return stylizer.SetBlend(shares);
  return choice.style.empty() ? Error{} : stylizer.SetStyle(choice.style);
}

}  // namespace

Expected<Painter::Choice> Painter::Choose(const Look& look) {
  // The shares' names are in the file that holds most of them, wherever the one style lies.
  const Expected<StyleChoice> style =
      look.shares.empty() ? FindStyle(look.style) : FindBlend(look.style, look.shares);
  if (!style) return style.error();
  const Expected<MaskChoice> mask = FindMask(look.mask);
  if (!mask) return mask.error();
  return Choice{*style, *mask};
}

Error Painter::ApplyLook(Composition& composition, const Look& look, const Choice& choice) {
  if (Error error = ApplyStyle(composition.style(), look, look.shares, choice.style)) return error;
  if (Stylizer* outside = composition.outside()) {
    if (Error error = ApplyStyle(*outside, look, {}, *choice.mask.outside)) return error;
  }
  if (Error error = composition.SetMask(choice.mask)) return error;
  return composition.SetMaskNumbers(look.mask_numbers);
}

Painter::Painter(Log log) : log_(std::move(log)), thread_([this] { Run(); }) {}

Painter::~Painter() {
  {
    const Lock lock(guard_);
    ending_ = true;
    if (composition_) composition_->SetCancelled(true);
    if (opening_composition_) opening_composition_->SetCancelled(true);
    wake_.notify_all();
  }
  thread_.join();
  if (opener_.joinable()) opener_.join();
}

void Painter::SetLook(const Look& look) {
  const Lock lock(guard_);
  look_ = look;
  look_changed_ = true;
  ++looks_set_;
  wake_.notify_all();
}

// Of the two milliseconds that the render thread may lose to us at once.
constexpr std::chrono::microseconds kPatience(500);

Painter::Visit::Visit(Painter& painter) : painter_(painter), lock_(painter.guard_, kPatience) {}

bool Painter::Visit::Ready(const FrameShape& shape) {
  if (!(painter_.shape_ == shape)) {
    const bool first = painter_.shape_.width == 0;
    painter_.shape_ = shape;
    if (first) painter_.wake_.notify_all();
  }
  return painter_.composition_ != nullptr && !painter_.failure_;
}

std::unique_ptr<FrameWork> Painter::Visit::Submit(std::unique_ptr<FrameWork> work) {
  std::swap(painter_.waiting_, work);
  painter_.wake_.notify_all();
  return work;
}

std::vector<std::unique_ptr<FrameWork>> Painter::Drain() {
  Lock lock(guard_);
  draining_ = true;
  if (painting_) {
    const std::shared_ptr<Composition> busy = composition_;
    busy->SetCancelled(true);
    rest_.wait(lock, [this] { return !painting_; });
    busy->SetCancelled(false);
  }
  draining_ = false;
  std::vector<std::unique_ptr<FrameWork>> all = std::exchange(done_, {});
  if (waiting_) all.push_back(std::move(waiting_));
  wake_.notify_all();
  return all;
}

void Painter::Run() {
  GiveWay();
  Lock lock(guard_);
  for (;;) {
    wake_.wait(lock, [this] {
      return ending_ || opening_done_ || (look_changed_ && shape_.width > 0) ||
             (waiting_ && composition_ && !draining_);
    });
    if (ending_) return;
    if (opening_done_)
      TakeOpened(lock);
    else if (look_changed_ && shape_.width > 0)
      Follow(lock);
    else
      PaintOne(lock);
  }
}

void Painter::PaintOne(Lock& lock) {
  std::unique_ptr<FrameWork> work = std::move(waiting_);
  const std::shared_ptr<Composition> composition = composition_;
  const uint64_t number = look_number_;
  painting_ = true;
  lock.unlock();
  const uint64_t began = Nanoseconds();
  const Error error = work->Paint(*composition, number);
  work->painting_ns = Nanoseconds() - began;
  work->painted = !error;
  lock.lock();
  painting_ = false;
  done_.push_back(std::move(work));
  rest_.notify_all();
  if (error && error.code != TEMPERA_CANCELLED)
    Say(Severity::kWarning, error.message + "; the source is shown unpainted");
  else if (!error)
    SayNotices(*composition);
}

// The disk is asked without the lock: a frame may be submitted meanwhile.
void Painter::Follow(Lock& lock) {
  look_changed_ = false;
  const Look look = look_;
  const std::shared_ptr<Composition> composition = composition_;
  lock.unlock();
  const Expected<Choice> choice = Choose(look);
  Error error = choice ? Error{} : choice.error();
  bool opens = false;
  Files wanted;
  if (!error) {
    wanted = FilesOf(choice->style, choice->mask, look.threads, look.short_side);
    opens = composition == nullptr || !(wanted == composition->files());
    if (!opens) error = ApplyLook(*composition, look, *choice);
  }
  lock.lock();
  if (error) return Fail(error);
  if (!opens) {
    failure_ = {};
    said_.clear();
    ++look_number_;
    return;
  }
  // One at a time: whoever takes the one that is being opened looks again.
  if (!opening_) StartOpening(wanted, *choice);
}

void Painter::StartOpening(const Files& wanted, const Choice& choice) {
  if (opener_.joinable()) opener_.join();  // it has handed over, and ends
  opening_ = true;
  opening_done_ = false;
  opening_look_ = looks_set_;
  opener_ = std::thread(&Painter::Open, this, wanted, choice, look_, shape_);
}

void Painter::Open(const Files& wanted, const Choice& choice, const Look& look, const FrameShape& shape) {
  GiveWay();
  // Nothing is shared with what paints meanwhile.
  Expected<Composition> opened = Composition::Open(wanted);
  std::shared_ptr<Composition> composition;
  Error error = opened ? Error{} : opened.error();
  if (!error) {
    composition = std::make_shared<Composition>(*std::move(opened));
    const Lock lock(guard_);
    opening_composition_ = composition;
    if (ending_) composition->SetCancelled(true);
  }
  // Parameters come first: what they need memory for is then prepared as well.
  if (!error) error = ApplyLook(*composition, look, choice);
  if (!error) error = composition->Prepare(shape.width, shape.height, shape.format);
  const Lock lock(guard_);
  opening_composition_ = composition;
  opening_error_ = error;
  opening_done_ = true;
  wake_.notify_all();
}

void Painter::TakeOpened(Lock& lock) {
  opening_ = opening_done_ = false;
  std::shared_ptr<Composition> composition = std::exchange(opening_composition_, nullptr);
  const Error error = std::exchange(opening_error_, {});
  if (error) {
    // Tried again only where the user has set something since.
    look_changed_ = opening_look_ != looks_set_;
    return Fail(error);
  }
  std::swap(composition_, composition);
  look_changed_ = true;  // Follow sees whether this is still what is wanted
  // Closing a model ends its threads: whoever submits frames does not wait for that.
  lock.unlock();
  composition.reset();
  lock.lock();
}

void Painter::Fail(const Error& error) {
  failure_ = error;
  if (error.code != TEMPERA_CANCELLED)
    Say(Severity::kWarning, error.message + "; the source is shown unpainted");
}

void Painter::Say(Severity severity, const std::string& line) {
  if (line == said_) return;
  said_ = line;
  log_(severity, line);
}

void Painter::SayNotices(Composition& composition) {
  for (const std::string& line : composition.NewNotices()) log_(Severity::kInfo, line);
}

}  // namespace tempera::plugins::obs
