#include "live/control/midi_devices.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "live/control/midi_file.h"
#include "live/source.h"

namespace tempera::live {
namespace {

constexpr int kLookMs = 1000;
// As many bytes as a wire brings in 80 ms. A device that has more at once is read no faster than that many
// every two milliseconds: 40 times a wire's rate, and a tenth of a core.
constexpr size_t kReadBytes = 256;
constexpr int kBreathMs = 2;
constexpr size_t kMostDevices = 32;
constexpr size_t kMostFileBytes = size_t{16} << 20;
// Of a song, in one go: what a wire brings in as long.
constexpr int kMostDue = 85;

std::vector<std::string> Found(const std::string& pattern) {
  glob_t found = {};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

}  // namespace

struct MidiDevices::Device {
  std::string path;
  int file = -1;
  bool is_file = false;
  std::vector<TimedMidi> song{};  // of a .mid file
  size_t next = 0;                // in it
  int64_t begin_ns = 0;
  MidiStream stream{};
  MidiControllers controllers{};

  Device(std::string p, int f) : path(std::move(p)), file(f) {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { close(file); }
};

MidiDevices::MidiDevices(std::vector<std::string> paths, Bindings* bindings)
    : paths_(std::move(paths)), bindings_(bindings) {}

Result<std::unique_ptr<MidiDevices>> MidiDevices::Start(const std::vector<std::string>& paths,
                                                        Bindings* bindings) {
  std::unique_ptr<MidiDevices> devices(new MidiDevices(paths, bindings));
  TEMPERA_RETURN_IF_ERROR(devices->waker_.Open());
  try {
    devices->thread_ = std::thread([d = devices.get()] { d->Run(); });
  } catch (const std::system_error& e) {
    return OutOfMemory(std::string("cannot start a thread: ") + e.what());
  }
  return devices;
}

MidiDevices::~MidiDevices() {
  waker_.Stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> MidiDevices::open_devices() const {
  std::lock_guard lock(mutex_);
  return open_;
}

std::string MidiDevices::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void MidiDevices::Look() {
  trouble_found_.clear();
  const bool asked = paths_ != DefaultPaths();
  for (const std::string& pattern : paths_) {
    const std::vector<std::string> found = Found(pattern);
    if (found.empty() && asked) trouble_found_ = "there is no MIDI device '" + pattern + "' yet";
    for (const std::string& path : found) {
      const auto same = [&](const auto& device) { return device->path == path; };
      if (std::any_of(devices_.begin(), devices_.end(), same) || devices_.size() >= kMostDevices ||
          std::find(finished_.begin(), finished_.end(), path) != finished_.end())
        continue;
      const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
      if (file < 0) {
        trouble_found_ = "cannot open the MIDI device '" + path + "': " + std::strerror(errno) +
                         (errno == EBUSY ? " (another program has it)" : "");
        continue;
      }
      struct stat st = {};
      devices_.push_back(std::make_unique<Device>(path, file));
      devices_.back()->is_file = fstat(file, &st) == 0 && S_ISREG(st.st_mode);
      if (devices_.back()->is_file) LoadSong(devices_.back().get());
    }
  }
  Publish();
}

void MidiDevices::Publish() {
  std::lock_guard lock(mutex_);
  open_.clear();
  for (const auto& device : devices_) open_.push_back(device->path);
  trouble_ = song_trouble_.empty() ? trouble_found_ : song_trouble_;
}

void MidiDevices::Handle(Device* device, const MidiMessage& message) {
  for (const ControlEvent& event : device->controllers.EventsOf(message)) bindings_->Handle(event);
}

void MidiDevices::Finish(Device* device) {
  if (device->is_file) finished_.push_back(device->path);
  std::erase_if(devices_, [&](const auto& d) { return d.get() == device; });
  Publish();
}

void MidiDevices::LoadSong(Device* device) {
  uint8_t head[4] = {};
  if (pread(device->file, head, sizeof head, 0) != sizeof head || !IsMidiFile(head)) return;
  std::vector<uint8_t> bytes(kMostFileBytes + 1);
  size_t size = 0;
  for (ssize_t n = 1; n > 0 && size < bytes.size(); size += static_cast<size_t>(std::max<ssize_t>(n, 0)))
    n = read(device->file, bytes.data() + size, bytes.size() - size);
  Result<std::vector<TimedMidi>> song = size > kMostFileBytes
                                            ? InvalidArgument("it has more than 16 MB")
                                            : ParseMidiFile(std::span<const uint8_t>(bytes.data(), size));
  if (!song.ok()) song_trouble_ = "cannot play '" + device->path + "': " + song.status().message();
  if (!song.ok() || song->empty()) return;  // at the file's end now, and so finished
  device->song = std::move(song).value();
  device->begin_ns = NowNs();
}

int MidiDevices::Play(int milliseconds) {
  int due = 0;
  Device* over = nullptr;
  for (const auto& device : devices_) {
    if (device->song.empty()) continue;
    const int64_t now_us = (NowNs() - device->begin_ns) / 1000;
    while (device->next < device->song.size() && due < kMostDue &&
           device->song[device->next].time_us <= now_us) {
      Handle(device.get(), device->song[device->next++].message);
      ++due;
    }
    if (device->next == device->song.size()) {
      over = device.get();
      continue;
    }
    const int64_t wait_ms = (device->song[device->next].time_us - now_us + 999) / 1000;
    milliseconds = static_cast<int>(std::clamp<int64_t>(wait_ms, 0, milliseconds));
  }
  if (over != nullptr) Finish(over);
  return due == kMostDue ? std::max(milliseconds, kBreathMs) : milliseconds;
}

bool MidiDevices::Read(Device* device) {
  uint8_t bytes[kReadBytes];
  const ssize_t n = read(device->file, bytes, sizeof bytes);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) {  // unplugged, or nobody writes to the FIFO any more
    Finish(device);
    return false;
  }
  for (ssize_t i = 0; i < n; ++i) {
    if (const std::optional<MidiMessage> message = device->stream.Feed(bytes[i])) Handle(device, *message);
  }
  return static_cast<size_t>(n) == sizeof bytes;
}

void MidiDevices::Run() {
  while (!waker_.stopped()) {
    Look();
    // Until it is time to look again. A FIFO whose writer went is opened anew then.
    for (const int64_t begin_ns = NowNs();
         NowNs() - begin_ns < kLookMs * int64_t{1'000'000} && !waker_.stopped();) {
      constexpr int kStepMs = 100;
      const int wait_ms = Play(kStepMs);
      std::vector<pollfd> files = {{waker_.file(), POLLIN, 0}};
      std::vector<Device*> polled;
      for (const auto& device : devices_) {
        if (!device->song.empty()) continue;
        files.push_back({device->file, POLLIN, 0});
        polled.push_back(device.get());
      }
      poll(files.data(), files.size(), wait_ms);
      bool busy = false;
      for (size_t i = 0; i < polled.size(); ++i) {
        if (files[i + 1].revents != 0) busy = Read(polled[i]) || busy;
      }
      if (busy) waker_.Sleep(kBreathMs);
    }
  }
}

}  // namespace tempera::live
