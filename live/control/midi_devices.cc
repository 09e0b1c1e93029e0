#include "live/control/midi_devices.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "live/control/midi_stream.h"

namespace tempera::live {
namespace {

constexpr int kLookMs = 1000;
// As many bytes as a wire brings in 80 ms. A device that has more at once is read no faster than that many
// every two milliseconds: 40 times a wire's rate, and a tenth of a core.
constexpr size_t kReadBytes = 256;
constexpr int kBreathMs = 2;
constexpr size_t kMostDevices = 32;

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
  for (const std::string& pattern : paths_) {
    for (const std::string& path : Found(pattern)) {
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
    }
  }
  Publish();
}

void MidiDevices::Publish() {
  std::lock_guard lock(mutex_);
  open_.clear();
  for (const auto& device : devices_) open_.push_back(device->path);
  trouble_ = trouble_found_;
}

bool MidiDevices::Read(Device* device) {
  uint8_t bytes[kReadBytes];
  const ssize_t n = read(device->file, bytes, sizeof bytes);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) {  // unplugged, or nobody writes to the FIFO any more
    if (device->is_file) finished_.push_back(device->path);
    std::erase_if(devices_, [&](const auto& d) { return d.get() == device; });
    Publish();
    return false;
  }
  for (ssize_t i = 0; i < n; ++i) {
    const std::optional<MidiMessage> message = device->stream.Feed(bytes[i]);
    if (!message) continue;
    for (const ControlEvent& event : device->controllers.EventsOf(*message)) bindings_->Handle(event);
  }
  return static_cast<size_t>(n) == sizeof bytes;
}

void MidiDevices::Run() {
  while (!waker_.stopped()) {
    Look();
    // Until it is time to look again. A FIFO whose writer went is opened anew then.
    for (int waited = 0; waited < kLookMs && !waker_.stopped();) {
      std::vector<pollfd> files = {{waker_.file(), POLLIN, 0}};
      for (const auto& device : devices_) files.push_back({device->file, POLLIN, 0});
      constexpr int kStepMs = 100;
      poll(files.data(), files.size(), kStepMs);
      bool busy = false, any = false;
      std::vector<Device*> ready;
      for (size_t i = 1; i < files.size(); ++i) {
        if (files[i].revents != 0) ready.push_back(devices_[i - 1].get());
      }
      for (Device* device : ready) {
        any = true;
        busy = Read(device) || busy;
      }
      if (busy) waker_.Sleep(kBreathMs);
      waited += busy ? kBreathMs : any ? 1 : kStepMs;
    }
  }
}

}  // namespace tempera::live
