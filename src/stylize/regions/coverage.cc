#include "src/stylize/regions/coverage.h"

#include <algorithm>
#include <cstring>

namespace tempera::stylize {

void Coverage::Feather(Layer* layer, float feather) {
  if (feather == 0) return;
  layer->feathered.Show({layer->mask, frame_.width, frame_, feather}, frame_);
  layer->own.resize(static_cast<size_t>(frame_.width) * static_cast<size_t>(frame_.height));
  pool_->ParallelFor(frame_.height, [&](int y, int thread) {
    float* const numbers = numbers_[static_cast<size_t>(thread)].data();
    layer->feathered.Weights(y, 0, frame_.width, 255.0f, numbers);
    uint8_t* const out = layer->own.data() + static_cast<ptrdiff_t>(y) * frame_.width;
    for (int x = 0; x < frame_.width; ++x) out[x] = static_cast<uint8_t>(numbers[x] + 0.5f);
  });
  layer->mask = layer->own.data();
}

void Coverage::FindBackground(std::span<const Wish> wishes, uint8_t* out) const {
  pool_->ParallelFor(frame_.height, [&](int y, int) {
    const ptrdiff_t at = static_cast<ptrdiff_t>(y) * frame_.width;
    uint8_t* const row = out + at;
    std::memset(row, 255, static_cast<size_t>(frame_.width));
    for (const Wish& wish : wishes) {
      if (wish.mask == nullptr) continue;
      const uint8_t* const mask = wish.mask + at;
      for (int x = 0; x < frame_.width; ++x)
        row[x] = static_cast<uint8_t>(row[x] - std::min(row[x], mask[x]));
    }
  });
}

void Coverage::WeighRow(int y, size_t count, uint8_t* left, uint8_t* shares) {
  const auto width = static_cast<size_t>(frame_.width);
  const size_t at = static_cast<size_t>(y) * width;
  std::memset(left, 255, width);
  for (size_t i = count; i-- > 0;) {
    const uint8_t* const mask = layers_[i].mask + at;
    uint8_t* const share = shares + i * width;
    uint8_t any = 0;
    for (size_t x = 0; x < width; ++x) {
      share[x] = std::min(mask[x], left[x]);
      left[x] = static_cast<uint8_t>(left[x] - share[x]);
      any |= share[x];
    }
    layers_[i].row_shows[static_cast<size_t>(y)] = any != 0;
  }
  // `left` is the input's share; now it becomes what a layer and those below it have together.
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const share = shares + i * width;
    uint8_t* const weights = layers_[i].weights.data() + at;
    // Where nothing below shows either, the lowest may cover all it likes: it then needs no blending.
    const uint8_t nowhere = i == 0 ? 255 : 0;
    uint8_t any = 0, all = 255;
    for (size_t x = 0; x < width; ++x) {
      const int whole = left[x] + share[x];
      left[x] = static_cast<uint8_t>(whole);
      // Most pixels are all of a region or none: a division would take longest.
      int weight = 255;
      if (share[x] == 0) {
        weight = whole == 0 ? nowhere : 0;
      } else if (share[x] != whole) {
        weight = (255 * share[x] + whole / 2) / whole;
      }
      weights[x] = static_cast<uint8_t>(weight);
      any |= weights[x];
      all &= weights[x];
    }
    layers_[i].rows[static_cast<size_t>(y)] = any == 0 ? Row::kNone : all == 255 ? Row::kAll : Row::kSome;
  }
}

const uint8_t* Coverage::FindShares(size_t i, std::vector<uint8_t>* memory) const {
  const auto width = static_cast<size_t>(frame_.width), height = static_cast<size_t>(frame_.height);
  const uint8_t* shares = layers_[i].sharp;
  if (i + 1 < count_) {
    memory->resize(width * height);
    shares = memory->data();
    pool_->ParallelFor(frame_.height, [&](int y, int) {
      const size_t at = static_cast<size_t>(y) * width;
      uint8_t* const left = memory->data() + at;
      std::memset(left, 255, width);
      for (size_t k = count_; --k > i;) {
        const uint8_t* const mask = layers_[k].sharp + at;
        for (size_t x = 0; x < width; ++x)
          left[x] = static_cast<uint8_t>(left[x] - std::min(left[x], mask[x]));
      }
      const uint8_t* const mask = layers_[i].sharp + at;
      for (size_t x = 0; x < width; ++x) left[x] = std::min(left[x], mask[x]);
    });
  }
  std::vector<uint8_t> any(height), all(height);
  pool_->ParallelFor(frame_.height, [&](int y, int) {
    const uint8_t* const row = shares + static_cast<size_t>(y) * width;
    uint8_t most = 0, least = 255;
    for (size_t x = 0; x < width; ++x) most = std::max(most, row[x]), least = std::min(least, row[x]);
    any[static_cast<size_t>(y)] = most, all[static_cast<size_t>(y)] = least;
  });
  const auto is = [](uint8_t value) { return [value](uint8_t n) { return n == value; }; };
  if (std::all_of(all.begin(), all.end(), is(255))) return nullptr;
  // Wholly under others but for their feathers: its own pixels all the same.
  if (std::all_of(any.begin(), any.end(), is(0))) return layers_[i].sharp;
  return shares;
}

void Coverage::Make(Size frame, std::span<const Wish> wishes) {
  frame_ = frame;
  count_ = wishes.size();
  const auto width = static_cast<size_t>(frame.width), height = static_cast<size_t>(frame.height);
  const auto threads = static_cast<size_t>(pool_->num_threads());
  while (layers_.size() < wishes.size()) layers_.emplace_back(*kernels_, pool_);
  shares_.resize(threads), numbers_.resize(threads);
  for (size_t t = 0; t < threads; ++t) {
    shares_[t].resize((wishes.size() + 1) * width);
    numbers_[t].resize(width);
  }
  for (size_t i = 0; i < wishes.size(); ++i) {
    Layer& layer = layers_[i];
    layer.weights.resize(width * height);
    layer.rows.resize(height), layer.row_shows.resize(height);
    layer.mask = wishes[i].mask;
    if (layer.mask == nullptr) {
      background_.resize(width * height);
      FindBackground(wishes, background_.data());
      layer.mask = background_.data();
    }
    layer.sharp = layer.mask;
    Feather(&layer, wishes[i].feather);
  }
  pool_->ParallelFor(frame.height, [&](int y, int thread) {
    uint8_t* const shares = shares_[static_cast<size_t>(thread)].data();
    WeighRow(y, wishes.size(), shares + wishes.size() * width, shares);
  });
  for (size_t i = 0; i < wishes.size(); ++i) {
    Layer& layer = layers_[i];
    layer.shows =
        std::any_of(layer.row_shows.begin(), layer.row_shows.end(), [](uint8_t s) { return s != 0; });
    layer.covers_all = layer.shows && std::all_of(layer.rows.begin(), layer.rows.end(),
                                                  [](Row row) { return row == Row::kAll; });
  }
}

}  // namespace tempera::stylize
