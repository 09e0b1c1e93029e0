// One run of the window: what its parts share, keys, and what is drawn where.
#pragma once

#include <SDL.h>

#include <functional>
#include <memory>

#include "live/window/canvas.h"
#include "live/window/desk.h"
#include "live/window/jobs.h"
#include "live/window/parts.h"
#include "live/window/thumbnails.h"
#include "live/window/window.h"

namespace tempera::live {

class Shell {
 public:
  // All outlive it. `wake` may be called from any thread, and makes the window draw itself.
  Shell(Session* session, Controls* controls, const WindowModel* model, Canvas* canvas, const View& view,
        std::function<void()> wake);

  // A key that does something; false: none of ours, or somebody types.
  bool Key(const SDL_KeyboardEvent& key);
  bool Text(const char* text);

  // ImGui's frame: all of it is laid out anew.
  void Frame(int width, int height, float scale, const theme::Fonts& fonts);
  void SetPainted(const Painted& painted) { desk_.painted = painted; }
  // Where the picture lies at this size of the canvas.
  Canvas::Place PlaceOfPicture(int width, int height, float scale) const;

  uint64_t Generation() const { return desk_.controls->generation(); }
  View& view() { return desk_.view; }
  const std::vector<DrawnItem>& drawn() const { return desk_.drawn; }
  // A notice is shown, which goes away by itself.
  bool HasNotices() const { return !desk_.notices.empty(); }

 private:
  bool Plain(SDL_Keycode key);

  Jobs jobs_;
  Thumbnails thumbnails_;
  Desk desk_;
  Gallery gallery_;
  Panel panel_;
};

}  // namespace tempera::live
