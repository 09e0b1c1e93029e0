// A microphone beside the pictures: what it hears, on their clock, for recordings.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "live/films/film_sound.h"
#include "live/microphone/drift_keeper.h"
#include "live/source.h"
#include "src/base/status.h"

namespace tempera::live {

// Sound as every device here gives it: 48000 samples a second, two channels, interleaved.
inline constexpr int kSoundRate = 48000;
inline constexpr int kSoundChannels = 2;

struct SoundBlock {
  int64_t first_ns = 0;        // when its first sample was heard
  std::vector<float> samples;  // interleaved, -1 to 1
  bool exact = false;          // first_ns is the device's own count, not when somebody woke
};

// One thread calls all of it but Stop.
class SoundDevice {
 public:
  virtual ~SoundDevice() = default;
  // Anew after Close. Errors name the device and the cure.
  virtual Status Open() = 0;
  virtual void Close() = 0;
  // What has come, appended; nothing where nothing comes within some 20 ms. An error: lost.
  virtual Status Read(std::vector<SoundBlock>* blocks) = 0;
  // From any thread: whoever waits gives up soon.
  virtual void Stop() = 0;
  // Of the last Open that succeeded, for people.
  virtual std::string name() const = 0;
};

class Microphone {
 public:
  using Clock = std::function<int64_t()>;
  // Opens the device, so that one that is not there is an error at once; later it may go and come back, and
  // silence is heard meanwhile. `clock`: for tests.
  static Result<std::unique_ptr<Microphone>> Start(std::unique_ptr<SoundDevice> device, Clock clock = NowNs);
  ~Microphone();
  Microphone(const Microphone&) = delete;
  Microphone& operator=(const Microphone&) = delete;

  // What recordings are given.
  std::shared_ptr<FilmSound> sound() const { return sound_; }
  // Of the device that was opened first, for people.
  const std::string& name() const { return name_; }
  // Silence, while the microphone goes on. Any thread.
  void SetMuted(bool muted) { muted_ = muted; }
  // What is amiss, as long as it is; "" for nothing. Any thread.
  std::string trouble() const;

 private:
  struct Form;
  Microphone(std::unique_ptr<SoundDevice> device, Clock clock);
  Status MakeForm();
  void Run();
  // Once round: opens or reads, and hands on what is ready.
  void Once();
  void Listen();
  void Emit();
  Status Send(int64_t at, const float* samples, size_t frames);
  void Tell(const std::string& trouble);

  const std::unique_ptr<SoundDevice> device_;
  const Clock clock_;
  const std::shared_ptr<FilmSound> sound_;
  std::unique_ptr<Form> form_;
  std::string name_;
  std::atomic<bool> stop_{false}, muted_{false};
  // Of the thread:
  std::unique_ptr<DriftKeeper> keeper_;
  bool open_ = true;
  int64_t try_ns_ = 0, heard_ns_ = 0;
  float gain_ = 1;
  std::vector<float> waiting_;  // less than a packet
  int64_t waiting_at_ = 0;      // its first sample's number
  mutable std::mutex mutex_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace tempera::live
