// What is drawn on: a graphics card's renderer, or the window's own pixels where there is none. The picture
// is drawn apart from the controls, so that a new painting costs a picture and no more.
#pragma once

#include <SDL.h>
#include <imgui.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live/sink.h"
#include "live/window/pixels.h"
#include "live/window/window.h"
#include "src/base/status.h"

namespace tempera::live {

class Canvas {
 public:
  // The window outlives it.
  static Result<std::unique_ptr<Canvas>> Make(SDL_Window* window, WindowOptions::Renderer which);
  ~Canvas();

  // Where the picture lies, in pixels, and where in it, from 0 to 1, the source ends and the painting begins;
  // 0: the painting alone.
  struct Place {
    SDL_Rect rect{};
    float divider = 0;
  };

  // The painting from here on.
  void SetPicture(const Painted& painted) {
    painted_ = painted;
    fresh_ = true;
  }
  // All of it.
  Status Draw(const Place& place, const ImDrawData& ui);
  // The picture, and what lies over it; the rest stays as it was drawn last.
  Status DrawPicture(const Place& place, const ImDrawData& ui);

  void Size(int* width, int* height) const;
  // 0xAARRGGBB words, row by row without gaps; lives as long as the canvas. Null when there is no memory.
  SDL_Texture* MakeTexture(int width, int height, const uint32_t* pixels, bool opaque);
  void DropTexture(SDL_Texture* texture) { SDL_DestroyTexture(texture); }
  std::string name() const;
  bool software() const { return software_; }
  // 0 where it is unknown.
  int largest_texture() const { return largest_texture_; }

  // The column of a picture this wide at which `divider` cuts it: even, since two pixels share their colour.
  static int CutOf(int width, float divider);

 private:
  struct Layer {  // one of the two pictures, as a texture
    SDL_Texture* texture = nullptr;
    Uint32 format = 0;
    int width = 0, height = 0;
  };

  Canvas(SDL_Window* window, SDL_Renderer* renderer, bool software);
  Status DrawWithCard(const Place& place);
  Status DrawWithProcessor(const Place& place);
  bool Upload(const media::Frame& frame, const SDL_Rect& rect, Layer* layer);
  bool DrawLayer(const Layer& layer, const SDL_Rect& rect, float from, float to);
  void DrawUi(const ImDrawData& ui, const SDL_Rect* within);

  SDL_Window* const window_;
  SDL_Renderer* const renderer_;
  const bool software_;
  int largest_texture_ = 0;
  Painted painted_;
  bool fresh_ = false;  // not uploaded yet
  bool has_before_ = false;
  Layer after_, before_;
  std::vector<uint8_t> reduced_[2];
  std::vector<uint32_t> rgb_;
  SDL_Surface* picture_ = nullptr;  // of the processor's way: the picture in the window's format
};

}  // namespace tempera::live
