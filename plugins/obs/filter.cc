#include "plugins/obs/filter.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <utility>

#include <util/platform.h>

#include "plugins/obs/settings.h"

namespace tempera::plugins::obs {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;
// A painting older than this belongs to what was before a pause.
constexpr uint64_t kStaleNs = kSecondNs / 2;

Painter::Log LogOf(std::string name) {
  return [name = std::move(name)](Painter::Severity severity, const std::string& line) {
    blog(severity == Painter::Severity::kWarning ? LOG_WARNING : LOG_INFO, "[tempera] '%s': %s", name.c_str(),
         line.c_str());
  };
}

std::string NameOf(const obs_source_t* source) {
  const char* name = obs_source_get_name(source);
  return name != nullptr ? name : "";
}

bool SameForm(const obs_source_frame& a, const obs_source_frame& b) {
  return a.width == b.width && a.height == b.height && a.format == b.format && a.full_range == b.full_range &&
         a.trc == b.trc && a.flip == b.flip;
}

}  // namespace

// A frame of OBS's, held until it was painted.
class Filter::MemoryWork : public FrameWork {
 public:
  MemoryWork(obs_source_frame* frame, uint64_t time_ns, Repacked& repacked)
      : frame(frame), time_ns(time_ns), repacked_(repacked) {}
  Error Paint(Composition& composition, uint64_t) override {
    return PaintFrame(composition, *frame, repacked_);
  }

  obs_source_frame* const frame;
  const uint64_t time_ns;  // when it would have been shown

 private:
  Repacked& repacked_;
};

Filter::Filter(obs_source_t* self)
    : self_(self),
      name_(NameOf(self)),
      painter_(LogOf(name_)),
      began_ns_(os_gettime_ns()),
      reported_ns_(began_ns_) {}

// Frames in memory went back in Removed.
Filter::~Filter() {
  Report(LOG_INFO);
  Works works = painter_.Drain();
  obs_enter_graphics();
  if (!in_memory_) texture_.TakeBack(std::move(works));
  texture_.Release();
  obs_leave_graphics();
}

void Filter::Update(obs_data_t* settings) {
  FollowPreset(settings);
  painter_.SetLook(LookOf(settings));
}

// Frames that lie in memory are painted there, unless another filter draws over them before this one: then it
// is that drawing which is to be painted.
bool Filter::FramesComeInMemory(obs_source_t* parent) const {
  if ((obs_source_get_output_flags(parent) & OBS_SOURCE_ASYNC) == 0) return false;
  struct Search {
    const obs_source_t* self;
    bool reached = false, drawn_over = false;
  } search{self_};
  obs_source_enum_filters(
      parent,
      [](obs_source_t*, obs_source_t* filter, void* user) {
        Search& s = *static_cast<Search*>(user);
        if (filter == s.self) s.reached = true;
        if (s.reached || !obs_source_enabled(filter)) return;
        const uint32_t flags = obs_source_get_output_flags(filter);
        if ((flags & OBS_SOURCE_VIDEO) != 0 && (flags & OBS_SOURCE_ASYNC) == 0) s.drawn_over = true;
      },
      &search);
  return !search.drawn_over;
}

void Filter::Tick() {
  const RenderMeter::Span span(meter_, "tick");
  texture_.Tick();
  if (os_gettime_ns() - reported_ns_ > 10 * kSecondNs) Report(LOG_DEBUG);
  obs_source_t* parent = obs_filter_get_parent(self_);
  if (parent == nullptr) return;
  // Asks the source for its filters, under the source's lock: before ours is taken.
  const bool wanted = FramesComeInMemory(parent);
  const bool enabled = obs_source_enabled(self_);
  const std::lock_guard lock(guard_);
  if (removed_) return;
  if (wanted == in_memory_ && (enabled || !in_memory_)) return;
  Painter::Visit visit(painter_);
  if (!visit) return;
  if (in_memory_)
    GiveBack(parent, visit.TakeDone());
  else
    texture_.TakeBack(visit.TakeDone());
  if (visit.Idle()) in_memory_ = wanted;
}

void Filter::GiveBack(obs_source_t* parent, Works works) {
  for (const auto& work : works) obs_source_release_frame(parent, static_cast<MemoryWork&>(*work).frame);
}

obs_source_frame* Filter::Newest(obs_source_t* parent, Works works, const obs_source_frame& frame) {
  const uint64_t now = obs_get_video_frame_time();
  obs_source_frame* newest = nullptr;
  for (const auto& one : works) {
    MemoryWork& work = static_cast<MemoryWork&>(*one);
    if (work.painted) ++painted_;
    if (newest != nullptr) obs_source_release_frame(parent, newest);
    newest = nullptr;
    if (SameForm(*work.frame, frame) && now - work.time_ns < kStaleNs) {
      newest = work.frame;
      Late(static_cast<double>(now - work.time_ns) / kSecondNs);
    } else {
      obs_source_release_frame(parent, work.frame);
    }
  }
  return newest;
}

obs_source_frame* Filter::Video(obs_source_frame* frame) {
  const RenderMeter::Span span(meter_, "frame");
  obs_source_t* parent = obs_filter_get_parent(self_);
  if (parent == nullptr) return frame;
  const std::lock_guard lock(guard_);
  removed_ = false;
  if (!in_memory_) return frame;
  const std::optional<FrameShape> shape = ShapeOf(*frame);
  if (!shape && !std::exchange(unknown_format_said_, true))
    blog(LOG_WARNING,
         "[tempera] '%s': frames of the video format %d cannot be painted; choose another one in the "
         "source's properties; the source is shown unpainted",
         name_.c_str(), static_cast<int>(frame->format));
  if (!shape) return frame;
  Painter::Visit visit(painter_);
  if (!visit) {  // what was shown last is shown once more
    ++dropped_;
    obs_source_release_frame(parent, frame);
    return nullptr;
  }
  if (!visit.Ready(*shape)) {
    GiveBack(parent, visit.TakeDone());
    Late(0);
    return frame;
  }
  obs_source_frame* newest = Newest(parent, visit.TakeDone(), *frame);
  // Sound is timed by the frames that are shown; its delay is SoundDelay's matter, to the millisecond.
  if (newest != nullptr) newest->timestamp = frame->timestamp;
  auto work = std::make_unique<MemoryWork>(frame, obs_get_video_frame_time(), repacked_);
  if (const auto late = visit.Submit(std::move(work))) {
    ++dropped_;
    obs_source_release_frame(parent, static_cast<MemoryWork&>(*late).frame);
  }
  return newest;
}

void Filter::Removed(obs_source_t* parent) {
  {
    const std::lock_guard lock(guard_);
    removed_ = true;
    if (!in_memory_) return;
  }
  GiveBack(parent, painter_.Drain());
}

void Filter::Render() {
  RenderMeter::Span span(meter_, "drawing");
  obs_source_t* target = obs_filter_get_target(self_);
  obs_source_t* parent = obs_filter_get_parent(self_);
  if (target == nullptr || parent == nullptr) return;
  bool drawn = false;
  {
    const std::lock_guard lock(guard_);
    if (!in_memory_ && !removed_) {
      drawn = texture_.Render(self_, painter_, span);
      Late(texture_.Lateness());
    }
  }
  if (!drawn) span.Others([this] { obs_source_skip_video_filter(self_); });
}

gs_color_space Filter::ColorSpace(size_t count, const gs_color_space* preferred) {
  obs_source_t* target = obs_filter_get_target(self_);
  if (target == nullptr || texture_.Lateness() > 0) return GS_CS_SRGB;
  return obs_source_get_color_space(target, count, preferred);
}

// One late picture among others is no reason to move the sound: what counts is a mean over some ten.
void Filter::Late(double seconds) {
  lateness_s_ = seconds == 0 ? 0 : lateness_s_ == 0 ? seconds : 0.9 * lateness_s_ + 0.1 * seconds;
  sound_.SetLateness(lateness_s_);
}

obs_audio_data* Filter::Audio(obs_audio_data* audio) {
  float* planes[MAX_AV_PLANES] = {};
  size_t channels = 0;
  while (channels < MAX_AV_PLANES && audio->data[channels] != nullptr) {
    planes[channels] = reinterpret_cast<float*>(audio->data[channels]);
    ++channels;
  }
  sound_.Process(planes, channels, audio->frames, audio_output_get_sample_rate(obs_get_audio()));
  return audio;
}

void Filter::Report(int level) {
  reported_ns_ = os_gettime_ns();
  const RenderMeter::Totals totals = meter_.Read();
  const double seconds = std::max(static_cast<double>(reported_ns_ - began_ns_) / kSecondNs, 1e-3);
  const auto ms = [](uint64_t ns) { return static_cast<double>(ns) * 1e-6; };
  blog(level,
       "[tempera] '%s': %" PRIu64 " frames painted, %" PRIu64
       " dropped in %.1f s; of the render thread %.3f ms a second, "
       "at most %.3f ms at once; it waited in %" PRIu64 " of %" PRIu64
       " calls, at most %.3f ms; by the clock %.3f ms a "
       "second, at most %.3f ms (%s), above 2 ms %" PRIu64
       " times; the graphics driver took %.3f ms a second, by the "
       "clock %.3f, at most %.3f ms",
       name_.c_str(), painted_ + texture_.painted(), dropped_, seconds, ms(totals.processor_ns) / seconds,
       ms(totals.longest_processor_ns), totals.waits, totals.calls, ms(totals.longest_wait_ns),
       ms(totals.wall_ns) / seconds, ms(totals.longest_ns), totals.longest, totals.long_calls,
       ms(totals.driver_processor_ns) / seconds, ms(totals.driver_wall_ns) / seconds,
       ms(totals.driver_longest_ns));
}

}  // namespace tempera::plugins::obs
