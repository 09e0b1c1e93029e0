// Frames of sources that draw themselves (pictures, text, windows, browsers, scenes): rendered to a texture,
// read back without waiting, painted, uploaded, drawn instead of the source. A picture is seen two frames
// later than without the filter.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <obs-module.h>

#include "plugins/obs/painter.h"
#include "plugins/obs/render_meter.h"

namespace tempera::plugins::obs {

// Pixels of one filter's textures in memory, used on the painter's thread alone.
struct TextureMemory {
  int width = 0, height = 0;
  std::vector<uint8_t> seen;     // as read back last: a picture that stands still is painted once
  std::vector<uint8_t> in, out;  // straight alpha; the engine's input and output
  uint64_t look = 0;             // which out was painted with
  bool valid = false;            // out belongs to seen and look
};

// On the graphics thread, all of it.
class TexturePath {
 public:
  TexturePath() = default;
  ~TexturePath();  // everything was taken back from the painter
  TexturePath(const TexturePath&) = delete;
  TexturePath& operator=(const TexturePath&) = delete;

  void Tick() { rendered_ = false; }
  // False where the source itself is to be drawn: nothing was painted yet, or cannot be.
  bool Render(obs_source_t* filter, Painter& painter, RenderMeter::Span& span);
  // Lets go of everything on the graphics card, after what the painter has was drained by the caller.
  void Release();
  // What Drain or TakeDone of the painter returned: its memory is the path's again.
  void TakeBack(std::vector<std::unique_ptr<FrameWork>> done, RenderMeter::Span* span = nullptr);

  // How late what is shown is, in seconds; 0 where nothing painted is shown.
  double Lateness() const { return shown_valid_ ? lateness_s_ : 0; }
  uint64_t painted() const { return painted_; }

 private:
  struct Stage {
    gs_stagesurf_t* surface = nullptr;
    bool staged = false;  // holds a picture that nobody has read
    bool lent = false;    // is mapped, and the painter's
    uint64_t time_ns = 0;
  };
  class Work;

  bool Advance(obs_source_t* filter, Painter& painter, RenderMeter::Span& span);
  bool Create(int width, int height);
  void HandOver(Painter::Visit& visit, RenderMeter::Span& span);
  bool Due(bool idle) const;
  void Capture(obs_source_t* filter, RenderMeter::Span& span);
  void Draw(obs_source_t* filter) const;

  int width_ = 0, height_ = 0;
  gs_texrender_t* source_ = nullptr;
  std::array<Stage, 2> stages_;
  // One is shown while the other's memory is the painter's to write.
  std::array<gs_texture_t*, 2> textures_ = {};
  uint8_t* written_ = nullptr;  // the mapped pixels of the one that is not shown
  uint32_t written_stride_ = 0;
  int shown_ = 0;
  bool shown_valid_ = false;
  bool rendered_ = false;  // since the last tick
  std::shared_ptr<TextureMemory> memory_ = std::make_shared<TextureMemory>();
  uint64_t advanced_ns_ = 0;  // the last frame that it was drawn in
  uint64_t handed_over_ns_ = 0, painting_ns_ = 0;
  double lateness_s_ = 0;
  uint64_t painted_ = 0;
};

}  // namespace tempera::plugins::obs
