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

}  // namespace

Error ApplyLook(Stylizer& stylizer, const Look& look, const StyleChoice& choice) {
  for (int i = 0; i < stylizer.ParameterCount(); ++i) {
    const Expected<tempera_parameter_info> info = stylizer.ParameterInfo(i);
    if (!info) return info.error();
    if (Error error = stylizer.SetParameter(info->name, ValuesOf(*info, look))) return error;
  }
  const Shares shares = KnownShares(stylizer, look.shares);
  if (!shares.empty()) return stylizer.SetBlend(shares);
  return choice.style.empty() ? Error{} : stylizer.SetStyle(choice.style);
}

Painter::Painter(Log log) : log_(std::move(log)), thread_([this] { Run(); }) {}

Painter::~Painter() {
  {
    const Lock lock(guard_);
    ending_ = true;
    if (stylizer_) (void)stylizer_->SetCancelled(true);
    if (opening_stylizer_) (void)opening_stylizer_->SetCancelled(true);
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
  return painter_.stylizer_ != nullptr && !painter_.failure_;
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
    const std::shared_ptr<Stylizer> busy = stylizer_;
    (void)busy->SetCancelled(true);
    rest_.wait(lock, [this] { return !painting_; });
    (void)busy->SetCancelled(false);
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
             (waiting_ && stylizer_ && !draining_);
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
  const std::shared_ptr<Stylizer> stylizer = stylizer_;
  const uint64_t number = look_number_;
  painting_ = true;
  lock.unlock();
  const uint64_t began = Nanoseconds();
  const Error error = work->Paint(*stylizer, number);
  work->painting_ns = Nanoseconds() - began;
  work->painted = !error;
  lock.lock();
  painting_ = false;
  done_.push_back(std::move(work));
  rest_.notify_all();
  if (error && error.code != TEMPERA_CANCELLED)
    Say(Severity::kWarning, error.message + "; the source is shown unpainted");
  else if (!error)
    SayNotices(*stylizer);
}

// The disk is asked without the lock: a frame may be submitted meanwhile.
void Painter::Follow(Lock& lock) {
  look_changed_ = false;
  const Look look = look_;
  const std::shared_ptr<Stylizer> stylizer = stylizer_;
  const Opened opened = opened_;
  lock.unlock();
  // The shares' names are in the file that holds most of them, wherever the one style lies.
  const Expected<StyleChoice> choice =
      look.shares.empty() ? FindStyle(look.style) : FindBlend(look.style, look.shares);
  Error error = choice ? Error{} : choice.error();
  bool opens = false;
  Opened wanted;
  if (!error) {
    wanted = {choice->path, look.threads, look.short_side};
    opens = stylizer == nullptr || !(wanted == opened);
    if (!opens) error = ApplyLook(*stylizer, look, *choice);
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

void Painter::StartOpening(const Opened& wanted, const StyleChoice& choice) {
  if (opener_.joinable()) opener_.join();  // it has handed over, and ends
  opening_ = true;
  opening_done_ = false;
  opening_what_ = wanted;
  opening_look_ = looks_set_;
  opener_ = std::thread(&Painter::Open, this, wanted, choice, look_, shape_);
}

void Painter::Open(const Opened& wanted, const StyleChoice& choice, const Look& look,
                   const FrameShape& shape) {
  GiveWay();
  Options options;
  options.threads = wanted.threads;
  options.working_short_side = wanted.short_side;
  options.cache_folder = CacheFolder();
  Expected<Stylizer> opened = Stylizer::Open(wanted.path, options);
  std::shared_ptr<Stylizer> stylizer;
  Error error = opened ? Error{} : opened.error();
  if (!error) {
    stylizer = std::make_shared<Stylizer>(*std::move(opened));
    const Lock lock(guard_);
    opening_stylizer_ = stylizer;
    if (ending_) (void)stylizer->SetCancelled(true);
  }
  // Parameters come first: what they need memory for is then prepared as well.
  if (!error) error = ApplyLook(*stylizer, look, choice);
  if (!error) error = stylizer->Prepare(shape.width, shape.height, shape.format);
  const Lock lock(guard_);
  opening_stylizer_ = stylizer;
  opening_error_ = error;
  opening_done_ = true;
  wake_.notify_all();
}

void Painter::TakeOpened(Lock& lock) {
  opening_ = opening_done_ = false;
  std::shared_ptr<Stylizer> stylizer = std::exchange(opening_stylizer_, nullptr);
  const Error error = std::exchange(opening_error_, {});
  if (error) {
    // Tried again only where the user has set something since.
    look_changed_ = opening_look_ != looks_set_;
    return Fail(error);
  }
  std::swap(stylizer_, stylizer);
  opened_ = opening_what_;
  notices_said_ = 0;
  look_changed_ = true;  // Follow sees whether this is still what is wanted
  // Closing a model ends its threads: whoever submits frames does not wait for that.
  lock.unlock();
  stylizer.reset();
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

void Painter::SayNotices(const Stylizer& stylizer) {
  while (const char* line = tempera_notice(stylizer.handle(), static_cast<int32_t>(notices_said_))) {
    log_(Severity::kInfo, line);
    ++notices_said_;
  }
}

}  // namespace tempera::plugins::obs
