// SDL's events as Dear ImGui takes them. Debian's library holds its core alone, without what joins it to SDL.
#pragma once

#include <SDL.h>
#include <imgui.h>

#include <array>

namespace tempera::live {

class Input {
 public:
  // For the current ImGui context.
  Input();
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // pixels: of the canvas for one of SDL's units. True for what a frame must be made for.
  bool Take(const SDL_Event& event, float pixels);
  // Before a frame.
  void Begin(int width, int height, float seconds);
  // After one: the pointer's shape. `hidden`: none.
  void ShowPointer(bool hidden);

 private:
  std::array<SDL_Cursor*, ImGuiMouseCursor_COUNT> cursors_{};
  SDL_Cursor* shown_ = nullptr;
};

}  // namespace tempera::live
