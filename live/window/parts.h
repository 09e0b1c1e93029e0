// The parts of the window, each of which draws itself where it is told to.
#pragma once

#include <SDL.h>
#include <imgui.h>

#include <string>
#include <vector>

#include "live/window/blend.h"
#include "live/window/desk.h"
#include "live/window/thumbnails.h"

namespace tempera::live {

// The row of styles below the picture.
class Gallery {
 public:
  void Draw(Desk* desk, const std::vector<Thumbnails::Picture>& pictures, ImVec2 at, ImVec2 size);
  // A style that somebody wants on the blend pad; -1: none. Once.
  int TakeAdded();

 private:
  void DrawStyle(Desk* desk, const Thumbnails::Picture& picture, int index, float share, ImVec2 size);

  std::string last_style_;
  int added_ = -1;
};

// Styles placed on a plane, and the point between them.
class BlendPad {
 public:
  // `blend`: the parameter that it turns.
  void Draw(Desk* desk, const Parameter& blend, const std::vector<Thumbnails::Picture>& pictures);
  // Puts a style of the gallery there, or takes it away again.
  void Toggle(const Desk& desk, const Parameter& blend, int style);

 private:
  void Begin(const Desk& desk, const Parameter& blend);
  void DrawPlaced(Desk* desk, const Parameter& blend, const std::vector<Thumbnails::Picture>& pictures,
                  ImVec2 at, ImVec2 size);
  void Handle(Desk* desk, const Parameter& blend, ImVec2 at, ImVec2 size);

  std::vector<std::string> elements_;  // of the parameter it was begun for
  std::vector<Placed> placed_;
  std::vector<float> set_;  // the shares that it set last
  float x_ = 0.5f, y_ = 0.5f;
  int held_ = -2;  // a placed style; -1: the point; -2: nothing
};

// Figures, buttons, parameters: everything at the right.
class Panel {
 public:
  void Draw(Desk* desk, Gallery* gallery, const std::vector<Thumbnails::Picture>& pictures, ImVec2 at,
            ImVec2 size);

 private:
  BlendPad pad_;
};

// The mask: what is painted, and what the rest shows.
void DrawMask(Desk* desk, const std::vector<Thumbnails::Picture>& pictures);

// What lies over the picture: messages, the divider, the list of keys.
void DrawOverlay(Desk* desk, const SDL_Rect& picture);
void DrawHelp(Desk* desk, ImVec2 size);

// Which style of the gallery an element of the blending parameter is; -1: none of them.
int StyleOfElement(const Desk& desk, const Parameter& blend, int element);
std::string NameOfElement(const Parameter& parameter, int element);

}  // namespace tempera::live
