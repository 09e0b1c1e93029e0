// MIDI from devices that give its bytes as they are: /dev/snd/midiC1D0, /dev/midi1, a FIFO, a file; and from
// .mid files, which are played.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "live/control/bindings.h"
#include "live/control/midi_stream.h"
#include "live/control/waker.h"
#include "src/base/status.h"

namespace tempera::live {

class MidiDevices {
 public:
  // The kernel's raw MIDI devices, ALSA's and OSS's.
  static std::vector<std::string> DefaultPaths() { return {"/dev/snd/midiC*D*", "/dev/midi*"}; }

  // Opens all that the names (patterns of a shell) mean, now and, once a second, those that come or come
  // back. A file is read once. `bindings` outlives this. Errors: no thread.
  static Result<std::unique_ptr<MidiDevices>> Start(const std::vector<std::string>& paths,
                                                    Bindings* bindings);
  ~MidiDevices();

  // Those that are open, and what keeps others from being so, one line; "" when nothing does.
  std::vector<std::string> open_devices() const;
  std::string trouble() const;

 private:
  struct Device;
  MidiDevices(std::vector<std::string> paths, Bindings* bindings);
  void Run();
  void Look();  // for devices that came
  // True: there may be more. Closes it when it is gone.
  bool Read(Device* device);
  // Of a .mid file.
  void LoadSong(Device* device);
  // What is due. Returns how long until more is: at most `milliseconds`.
  int Play(int milliseconds);
  void Handle(Device* device, const MidiMessage& message);
  void Finish(Device* device);
  void Publish();

  const std::vector<std::string> paths_;
  Bindings* const bindings_;
  Waker waker_;
  std::vector<std::unique_ptr<Device>> devices_;  // of the thread
  std::vector<std::string> finished_;             // files that were read
  std::string trouble_found_, song_trouble_;      // now; of a file that cannot be played
  mutable std::mutex mutex_;
  std::vector<std::string> open_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace tempera::live
