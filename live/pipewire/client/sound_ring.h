// Blocks of sound from PipeWire's real-time thread to one that may sleep. Neither waits for the other.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "live/microphone/microphone.h"

namespace tempera::live {

class SoundRing {
 public:
  // By the one thread; longer blocks become several. What finds no room is lost: who reads sees that by the
  // times.
  void Put(int64_t first_ns, bool exact, const float* samples, size_t frames) {
    for (size_t done = 0; done < frames;) {
      const uint32_t head = head_.load(std::memory_order_relaxed);
      if (head - tail_.load(std::memory_order_acquire) >= kSlots) return;
      Slot& slot = (*slots_)[head % kSlots];
      slot.exact = exact;
      slot.frames = std::min(frames - done, kFrames);
      slot.first_ns = first_ns + static_cast<int64_t>(done) * 1'000'000'000 / kSoundRate;
      std::copy_n(samples + done * kSoundChannels, slot.frames * kSoundChannels, slot.samples.begin());
      head_.store(head + 1, std::memory_order_release);
      done += slot.frames;
    }
  }
  // By the other thread: appends what there is.
  void Take(std::vector<SoundBlock>* blocks) {
    uint32_t tail = tail_.load(std::memory_order_relaxed);
    for (const uint32_t head = head_.load(std::memory_order_acquire); tail != head; ++tail) {
      const Slot& slot = (*slots_)[tail % kSlots];
      SoundBlock& block = blocks->emplace_back();
      block.first_ns = slot.first_ns;
      block.exact = slot.exact;
      block.samples.assign(slot.samples.begin(),
                           slot.samples.begin() + static_cast<std::ptrdiff_t>(slot.frames * kSoundChannels));
      tail_.store(tail + 1, std::memory_order_release);
    }
  }

 private:
  static constexpr size_t kFrames = 1024;
  static constexpr uint32_t kSlots = 128;  // 2.7 seconds of PipeWire's usual blocks
  struct Slot {
    int64_t first_ns = 0;
    size_t frames = 0;
    bool exact = false;
    std::array<float, kFrames * kSoundChannels> samples;
  };
  std::unique_ptr<std::array<Slot, kSlots>> slots_ = std::make_unique<std::array<Slot, kSlots>>();
  std::atomic<uint32_t> head_{0}, tail_{0};
};

}  // namespace tempera::live
