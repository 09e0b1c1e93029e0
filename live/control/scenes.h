// Scenes: style, blend and parameters under a number, and the way from one to the next.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "live/controls.h"
#include "live/painter.h"
#include "src/base/status.h"

namespace tempera::live {

struct Scene {
  std::string name;                                    // for people; may be ""
  std::string style;                                   // as --style takes it
  std::map<std::string, std::vector<float>> values{};  // parameters that are not at their defaults
  double seconds = 0;                                  // of the cross-fade to it
  std::optional<MaskSettings> mask{};                  // nothing: the mask stays as it is
  bool operator==(const Scene&) const = default;
};

// Safe from any thread. A cross-fade goes on in Tick alone: parameters move in lines; switches and whole
// numbers with them, so they turn midway. Where the next style lies in the same file, the blend moves too; a
// style of another file comes in the middle, and with it what only its model has. Of a mask the numbers move;
// another mask, or none, comes in the middle. A parameter that somebody
// else turns meanwhile is theirs from then on.
class Scenes {
 public:
  static constexpr int kMost = 999;
  static constexpr double kMostSeconds = 3600;

  // `find` tells whether styles share a file; without it only equal words do. `controls` outlives this.
  explicit Scenes(Controls* controls, FindStyleFn find = nullptr)
      : controls_(controls), find_(std::move(find)) {}

  // {"scenes": {"1": {"name": "Storm", "style": "great-wave", "values": {"strength": [0.8]}, "seconds": 2}}}
  // Where there is no such file, there are no scenes, and the first one stored makes it.
  Status Load(const std::string& path);
  // The same, but a file that is wrong leaves no scenes, and is what trouble() says until the first one
  // stored writes it anew; a copy of it stays beside it as PATH.broken.
  void LoadIfGood(const std::string& path);
  std::string trouble() const;
  // What holds now, as number 1 to kMost; written to the file, if one was named, while Tick waits for
  // nothing. `seconds`: of fades to it. kInvalidArgument: what no file can hold.
  Status Store(int number, const std::string& name = "", double seconds = 0);
  Status Remove(int number);
  std::map<int, Scene> list() const;

  // `seconds`: of this fade; negative: as the scene says. 0: at once. kNotFound when there is none.
  Status Recall(int number, double seconds, int64_t now_ns);
  // As time is now: before each frame.
  void Tick(int64_t now_ns);
  // The one recalled last, 0 before that; whether a fade to it goes on.
  int current() const;
  bool fading() const;

 private:
  struct Fade;
  Status Save();
  std::unique_ptr<Fade> MakeFade(const Scene& scene, double seconds, int64_t now_ns) const;
  // True: it is over.
  bool Move(Fade* fade, int64_t now_ns);

  Controls* const controls_;
  const FindStyleFn find_;
  std::mutex save_mutex_;  // before mutex_: the last one written is the newest
  mutable std::mutex mutex_;
  std::string path_, broken_;  // and what is wrong with that file
  std::map<int, Scene> scenes_;
  std::shared_ptr<Fade> fade_;  // null while nothing moves, and while Tick has it
  uint64_t recalls_ = 0;
  int current_ = 0;
  bool fading_ = false;
};

}  // namespace tempera::live
