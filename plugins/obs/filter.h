// The filter: which way a source's frames go to the painter, and what OBS is told.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <obs-module.h>

#include "plugins/obs/frames.h"
#include "plugins/obs/painter.h"
#include "plugins/obs/render_meter.h"
#include "plugins/obs/sound_delay.h"
#include "plugins/obs/texture_path.h"

namespace tempera::plugins::obs {

class Filter {
 public:
  explicit Filter(obs_source_t* self);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void Update(obs_data_t* settings);
  obs_source_t* source() const { return self_; }
  // Graphics thread.
  void Tick();
  void Render();
  obs_source_frame* Video(obs_source_frame* frame);
  gs_color_space ColorSpace(size_t count, const gs_color_space* preferred);
  // The thread that the source's sound comes on.
  obs_audio_data* Audio(obs_audio_data* audio);
  // The source that had the filter lets go of it. After the last Video.
  void Removed(obs_source_t* parent);

 private:
  class MemoryWork;
  using Works = std::vector<std::unique_ptr<FrameWork>>;

  bool FramesComeInMemory(obs_source_t* parent) const;
  // Gives the frames back to their source; the newest that can be shown in the place of `frame` is kept.
  obs_source_frame* Newest(obs_source_t* parent, Works works, const obs_source_frame& frame);
  void GiveBack(obs_source_t* parent, Works works);
  void Late(double seconds);
  void Report(int level);

  obs_source_t* const self_;
  const std::string name_;
  Painter painter_;
  RenderMeter meter_;
  SoundDelay sound_;
  TexturePath texture_;
  Repacked repacked_;  // of the painter's thread

  std::mutex guard_;  // of the next two, against Removed
  bool removed_ = false;
  // What the painter has are frames in memory, or else textures; never both.
  bool in_memory_ = false;

  bool unknown_format_said_ = false;
  double lateness_s_ = 0;
  uint64_t painted_ = 0, dropped_ = 0;
  const uint64_t began_ns_;
  uint64_t reported_ns_;
};

}  // namespace tempera::plugins::obs
