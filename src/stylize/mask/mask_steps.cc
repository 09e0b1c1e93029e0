#include "src/stylize/mask/mask_steps.h"

#include <algorithm>
#include <cmath>

#include "src/kernels/motion/motion.h"

namespace tempera::stylize {

std::vector<uint8_t> ShareTable(float threshold, bool certain) {
  std::vector<uint8_t> table(256);
  for (size_t i = 0; i < table.size(); ++i) {
    const float share = static_cast<float>(i) / 255;
    const float now =
        share < threshold ? 0.5f * share / threshold : 0.5f + 0.5f * (share - threshold) / (1 - threshold);
    table[i] = static_cast<uint8_t>(255 * now + 0.5f);
    if (certain && table[i] < 16) table[i] = 0;
    if (certain && table[i] > 239) table[i] = 255;
  }
  return table;
}

void SpeckRemover::Run(Size size, uint8_t* mask) {
  const int width = size.width, height = size.height;
  const auto least = static_cast<size_t>(width) * static_cast<size_t>(height) / 1000;
  known_.assign(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (int start = 0; start < width * height; ++start) {
    if (mask[start] == 0 || known_[static_cast<size_t>(start)] != 0) continue;
    open_.assign(1, start);
    known_[static_cast<size_t>(start)] = 1;
    size_t sure = 0;
    // The part is what the list holds in the end.
    for (size_t next = 0; next < open_.size(); ++next) {
      const int at = open_[next], x = at % width, y = at / width;
      sure += mask[at] > 127;
      for (int j = std::max(0, y - 1); j <= std::min(height - 1, y + 1); ++j) {
        for (int i = std::max(0, x - 1); i <= std::min(width - 1, x + 1); ++i) {
          const int there = j * width + i;
          if (mask[there] == 0 || known_[static_cast<size_t>(there)] != 0) continue;
          known_[static_cast<size_t>(there)] = 1;
          open_.push_back(there);
        }
      }
    }
    if (sure > least) continue;
    for (const int at : open_) mask[at] = 0;
  }
}

void HoldStill(Size size, float hold, const float* luma, std::vector<float>* luma_then,
               const std::vector<uint8_t>& before, uint8_t* mask, std::vector<uint8_t>* weights) {
  // Means of 3x3 differences: up to kStill levels is a camera's noise at this size, from kMoved on the
  // picture shows something else.
  constexpr float kStill = 1.5f, kMoved = 4.0f;
  // A network that is surer than that of its word is believed.
  constexpr float kSure = 0.85f, kUnsure = 0.5f;
  // What stood for long goes within some twenty frames all the same where the network says otherwise.
  constexpr float kMost = 0.9f;
  const int width = size.width, height = size.height;
  weights->assign(before.size(), 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int at = y * width + x;
      const float sure = std::abs(static_cast<float>(mask[at]) - 127.5f) / 127.5f;
      if (sure >= kSure || mask[at] == before[static_cast<size_t>(at)]) continue;
      float difference = 0;
      for (int j = std::max(0, y - 1); j <= std::min(height - 1, y + 1); ++j) {
        for (int i = std::max(0, x - 1); i <= std::min(width - 1, x + 1); ++i)
          difference += std::abs(luma[j * width + i] - (*luma_then)[static_cast<size_t>(j * width + i)]);
      }
      const float still = std::clamp((kMoved - difference / 9) / (kMoved - kStill), 0.0f, 1.0f);
      const float unsure = std::clamp((kSure - sure) / (kSure - kUnsure), 0.0f, 1.0f);
      (*weights)[static_cast<size_t>(at)] = static_cast<uint8_t>(255 * kMost * hold * still * unsure + 0.5f);
    }
  }
  for (size_t i = 0; i < before.size(); ++i) {
    const float weight = static_cast<float>((*weights)[i]) / 255;
    const float now = mask[i], then = before[i];
    mask[i] = static_cast<uint8_t>(now + weight * (then - now) + 0.5f);
    (*luma_then)[i] = luma[i] + weight * ((*luma_then)[i] - luma[i]);
  }
}

void MoveMask(Size size, const MotionField& field, const std::vector<uint8_t>& before, uint8_t* mask) {
  const int width = size.width, height = size.height;
  const Size blocks = field.blocks();
  // In pixels of this size, and its parts.
  const float side = static_cast<float>(field.block_side()) / 2;
  constexpr float kPixels = 0.5f / kernels::kSubpixels;
  struct Between {
    int first, second;
    float share;
  };
  const auto between = [](float at, int count) {
    at = std::clamp(at, 0.0f, static_cast<float>(count - 1));
    const int first = static_cast<int>(at);
    return Between{first, std::min(first + 1, count - 1), at - static_cast<float>(first)};
  };
  const auto mix = [](float a, float b, float share) { return a + share * (b - a); };
  for (int y = 0; y < height; ++y) {
    const Between by = between((static_cast<float>(y) + 0.5f) / side - 0.5f, blocks.height);
    for (int x = 0; x < width; ++x) {
      // The motion goes from block to block without a step.
      const Between bx = between((static_cast<float>(x) + 0.5f) / side - 0.5f, blocks.width);
      const auto motion = [&](int MotionField::Block::* axis) {
        const auto of = [&](int i, int j) { return static_cast<float>(field.block(i, j).*axis); };
        return kPixels * mix(mix(of(bx.first, by.first), of(bx.second, by.first), bx.share),
                             mix(of(bx.first, by.second), of(bx.second, by.second), bx.share), by.share);
      };
      const Between sx = between(static_cast<float>(x) + motion(&MotionField::Block::x), width);
      const Between sy = between(static_cast<float>(y) + motion(&MotionField::Block::y), height);
      const auto at = [&](int i, int j) {
        return static_cast<float>(
            before[static_cast<size_t>(j) * static_cast<size_t>(width) + static_cast<size_t>(i)]);
      };
      mask[y * width + x] = static_cast<uint8_t>(
          mix(mix(at(sx.first, sy.first), at(sx.second, sy.first), sx.share),
              mix(at(sx.first, sy.second), at(sx.second, sy.second), sx.share), sy.share) +
          0.5f);
    }
  }
}

}  // namespace tempera::stylize
