#include "live/control/scenes.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "live/control/control_files.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

using Values = std::vector<float>;

// As names of styles are compared: case aside, blanks and underscores are dashes.
std::string Plain(std::string name) {
  for (char& c : name)
    c = c == ' ' || c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

int StyleIn(const Parameter& blend, const std::string& style) {
  for (const auto* names : {&blend.short_names, &blend.element_names}) {
    for (size_t i = 0; i < names->size(); ++i) {
      if (Plain((*names)[i]) == Plain(style)) return static_cast<int>(i);
    }
  }
  return -1;
}

// Of a mask the numbers are on their way; all else comes in the middle.
MaskSettings Between(const MaskSettings& now, const MaskNumbers& from, const MaskSettings& to, double share) {
  MaskSettings mask = share >= 0.5 ? to : now;
  if (share >= 1) return mask;
  for (float MaskNumbers::* number : {&MaskNumbers::feather, &MaskNumbers::threshold, &MaskNumbers::hold})
    mask.numbers.*number =
        static_cast<float>(from.*number + share * (double{to.numbers.*number} - from.*number));
  return mask;
}

}  // namespace

struct Scenes::Fade {
  struct Track {
    Values from, to;
    bool unset = false;  // at the end, since the scene has the default
    Values last{};       // set last; empty before the first time
    bool theirs = false;
  };
  Scene to;
  int64_t start_ns = 0;
  double seconds = 0;
  std::map<std::string, Track> tracks;
  bool style_moves = false;          // another word
  bool midway = false;               // another file: it comes in the middle
  bool switched = false;             // and has come
  std::string style;                 // that was there last
  std::vector<std::string> weights;  // parameters of the model before that mean its own styles
  MaskNumbers numbers;               // of the mask, at the beginning
  std::optional<MaskSettings> mask;  // as it was set last; nothing: not this fade's, or theirs by now
};

Status Scenes::Load(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(auto scenes, ReadScenes(path));
  std::lock_guard lock(mutex_);
  path_ = path;
  broken_.clear();
  scenes_ = std::move(scenes);
  return OkStatus();
}

void Scenes::LoadIfGood(const std::string& path) {
  const Status status = Load(path);
  if (status.ok()) return;
  std::lock_guard lock(mutex_);
  path_ = path;
  broken_ = status.message();
  scenes_.clear();
}

std::string Scenes::trouble() const {
  std::lock_guard lock(mutex_);
  return broken_;
}

// What waits for the disk holds nobody up who only wants the other lock: Tick, before every frame.
Status Scenes::Save() {
  std::lock_guard order(save_mutex_);
  std::unique_lock lock(mutex_);
  const std::string path = path_;
  const bool broken = !broken_.empty();
  const std::map<int, Scene> scenes = scenes_;
  lock.unlock();
  if (path.empty()) return OkStatus();
  if (broken) {
    TEMPERA_RETURN_IF_ERROR(KeepBroken(path));
    lock.lock();
    broken_.clear();
    lock.unlock();
  }
  return WriteScenes(path, scenes);
}

Status Scenes::Store(int number, const std::string& name, double seconds) {
  if (number < 1 || number > kMost)
    return InvalidArgument("scenes have numbers from 1 to " + std::to_string(kMost) + ", not " +
                           std::to_string(number));
  if (!(seconds >= 0 && seconds <= kMostSeconds))
    return InvalidArgument("a cross-fade takes 0 to 3600 seconds");
  const Settings now = controls_->Get();
  Scene scene{name, now.style, now.values, seconds, now.mask};
  TEMPERA_RETURN_IF_ERROR(CheckScene(scene));
  {
    std::lock_guard lock(mutex_);
    scenes_[number] = std::move(scene);
  }
  return Save();
}

Status Scenes::Remove(int number) {
  {
    std::lock_guard lock(mutex_);
    if (scenes_.erase(number) == 0) return NotFound("there is no scene " + std::to_string(number));
  }
  return Save();
}

std::map<int, Scene> Scenes::list() const {
  std::lock_guard lock(mutex_);
  return scenes_;
}

int Scenes::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

bool Scenes::fading() const {
  std::lock_guard lock(mutex_);
  return fading_;
}

Status Scenes::Recall(int number, double seconds, int64_t now_ns) {
  Scene scene;
  {
    std::lock_guard lock(mutex_);
    const auto found = scenes_.find(number);
    if (found == scenes_.end()) return NotFound("there is no scene " + std::to_string(number));
    scene = found->second;
  }
  if (!(seconds >= 0)) seconds = scene.seconds;
  // Files are looked for without a lock, for which a frame would wait.
  std::shared_ptr<Fade> fade = MakeFade(scene, std::min(seconds, kMostSeconds), now_ns);
  {
    std::lock_guard lock(mutex_);
    fade_ = std::move(fade);
    fading_ = true;
    current_ = number;
    ++recalls_;
  }
  Tick(now_ns);
  return OkStatus();
}

std::unique_ptr<Scenes::Fade> Scenes::MakeFade(const Scene& scene, double seconds, int64_t now_ns) const {
  auto fade = std::make_unique<Fade>();
  const Settings now = controls_->Get();
  fade->to = scene;
  fade->start_ns = now_ns;
  fade->seconds = seconds;
  fade->style = now.style;
  fade->style_moves = scene.style != now.style;
  fade->numbers = now.mask.numbers;
  if (scene.mask) fade->mask = now.mask;
  std::string style;  // in the same file
  if (fade->style_moves) {
    fade->midway = true;
    if (find_) {
      const Result<ModelFile> from = find_(now.style), to = find_(scene.style);
      if (from.ok() && to.ok() && from->path == to->path) {
        fade->midway = false;
        style = to->style;
      }
    }
  }
  for (const Parameter& p : controls_->Parameters()) {
    const auto there = scene.values.find(p.name);
    const bool weights = p.kind == TEMPERA_PARAMETER_WEIGHTS;
    if (weights) fade->weights.push_back(p.name);
    if (weights && fade->midway) continue;
    Fade::Track track;
    track.from = controls_->ValuesOf(p.name);
    track.unset = there == scene.values.end();
    track.to = track.unset ? p.defaults : there->second;
    if (weights && track.unset && fade->style_moves) {
      const int element = StyleIn(p, style);
      if (element < 0) continue;
      track.to.assign(p.defaults.size(), 0.0f);
      track.to[static_cast<size_t>(element)] = 1;
    }
    if (track.to.size() != track.from.size()) continue;  // of another model
    if (track.from == track.to && !now.values.contains(p.name) && track.unset) continue;
    fade->tracks[p.name] = std::move(track);
  }
  return fade;
}

bool Scenes::Move(Fade* fade, int64_t now_ns) {
  const double passed = static_cast<double>(now_ns - fade->start_ns) * 1e-9;
  const double share = fade->seconds > 0 ? std::clamp(passed / fade->seconds, 0.0, 1.0) : 1;
  const bool over = share >= 1;
  controls_->Edit([&](Settings* s) {
    if (s->style != fade->style) fade->style_moves = fade->midway = false;  // somebody chose another
    if (fade->style_moves && !fade->switched && (over || (fade->midway && share >= 0.5))) {
      s->style = fade->style = fade->to.style;
      fade->switched = true;
      if (fade->midway) {
        for (const std::string& name : fade->weights) s->values.erase(name);
        for (const auto& [name, values] : fade->to.values) {
          if (!fade->tracks.contains(name)) s->values[name] = values;
        }
      }
    }
    if (fade->mask && s->mask != *fade->mask) fade->mask.reset();  // somebody turned it
    if (fade->mask) s->mask = *(fade->mask = Between(s->mask, fade->numbers, *fade->to.mask, share));
    for (auto& [name, track] : fade->tracks) {
      const auto at = s->values.find(name);
      const bool moved = at == s->values.end() || at->second != track.last;
      track.theirs = track.theirs || (!track.last.empty() && moved);
      if (track.theirs) continue;
      if (over && track.unset) {
        s->values.erase(name);
        continue;
      }
      track.last = track.to;
      for (size_t i = 0; !over && i < track.to.size(); ++i)
        track.last[i] = static_cast<float>(track.from[i] + share * (double{track.to[i]} - track.from[i]));
      s->values[name] = track.last;
    }
  });
  return over;
}

void Scenes::Tick(int64_t now_ns) {
  std::shared_ptr<Fade> fade;
  uint64_t recalls = 0;
  {
    std::lock_guard lock(mutex_);
    fade = std::exchange(fade_, nullptr);
    recalls = recalls_;
  }
  if (!fade) return;
  // Without a lock: those who listen to the controls may ask for scenes.
  const bool over = Move(fade.get(), now_ns);
  std::lock_guard lock(mutex_);
  if (recalls != recalls_) return;  // another scene was asked for
  if (!over) fade_ = std::move(fade);
  fading_ = !over;
}

}  // namespace tempera::live
