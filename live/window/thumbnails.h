// Styles' pictures: decoded and shrunk on a thread of their own, since a gallery of them takes a while.
#pragma once

#include <SDL.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "live/window/canvas.h"
#include "live/window/window.h"

namespace tempera::live {

class Thumbnails {
 public:
  // `styles` outlive it. `came` is called on the thread whenever some are there.
  Thumbnails(const std::vector<WindowStyle>* styles, int largest_side, std::function<void()> came);
  ~Thumbnails();

  struct Picture {
    SDL_Texture* texture = nullptr;  // null: not there yet, or there is none
    int width = 0, height = 0;
  };
  // On the canvas's thread; makes textures of what has come.
  const std::vector<Picture>& On(Canvas* canvas);

 private:
  struct Pixels {
    size_t index = 0;
    int width = 0, height = 0;
    std::vector<uint32_t> words;
  };
  void Decode();

  const std::vector<WindowStyle>* const styles_;
  const int largest_side_;
  const std::function<void()> came_;
  std::atomic<bool> ends_{false};
  std::mutex mutex_;
  std::vector<Pixels> ready_;
  std::vector<Picture> pictures_;
  std::thread thread_;
};

}  // namespace tempera::live
