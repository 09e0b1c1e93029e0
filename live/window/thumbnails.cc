#include "live/window/thumbnails.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "media/image.h"

namespace tempera::live {

Thumbnails::Thumbnails(const std::vector<WindowStyle>* styles, int largest_side, std::function<void()> came)
    : styles_(styles), largest_side_(largest_side), came_(std::move(came)), pictures_(styles->size()) {
  try {
    thread_ = std::thread([this] { Decode(); });
  } catch (const std::exception&) {
    // A gallery of titles alone.
  }
}

Thumbnails::~Thumbnails() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
}

void Thumbnails::Decode() {
  for (size_t i = 0; i < styles_->size() && !ends_; ++i) {
    const WindowStyle& style = (*styles_)[i];
    if (style.picture.empty()) continue;
    Result<media::RgbImage> image = media::DecodeImage("'" + style.word + "'", style.picture);
    if (!image.ok()) continue;  // its title is shown
    const int side = std::max(image->width, image->height);
    if (side > largest_side_) {
      const auto shrunk = [&](int length) { return std::max(1, length * largest_side_ / side); };
      image = media::ResizeImage(*image, shrunk(image->width), shrunk(image->height));
      if (!image.ok()) continue;
    }
    Pixels pixels{i, image->width, image->height, {}};
    pixels.words.resize(size_t(image->width) * image->height);
    const uint8_t* p = image->pixels.data();
    for (uint32_t& word : pixels.words) {
      word = 0xff000000u | uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2];
      p += 3;
    }
    {
      std::lock_guard lock(mutex_);
      ready_.push_back(std::move(pixels));
    }
    came_();
  }
}

const std::vector<Thumbnails::Picture>& Thumbnails::On(Canvas* canvas) {
  std::vector<Pixels> ready;
  {
    std::lock_guard lock(mutex_);
    ready.swap(ready_);
  }
  for (const Pixels& p : ready)
    pictures_[p.index] = {canvas->MakeTexture(p.width, p.height, p.words.data(), true), p.width, p.height};
  return pictures_;
}

}  // namespace tempera::live
