#include "live/v4l2/device.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"

namespace tempera::live {
namespace {

// The kernel numbers no more of them (VIDEO_NUM_DEVICES).
constexpr int kMostNodes = 256;

template <size_t N>
std::string Text(const __u8 (&bytes)[N]) {
  const auto* text = reinterpret_cast<const char*>(bytes);
  return OneLine(std::string(text, strnlen(text, N)));
}

bool AllDigits(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return isdigit(c); });
}

bool IsPath(const std::string& wanted) { return AllDigits(wanted) || wanted.starts_with("/"); }

std::string PathOf(const std::string& wanted) { return AllDigits(wanted) ? "/dev/video" + wanted : wanted; }

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string Shown(const V4l2Node& node) { return "'" + node.card + "' (" + node.path + ")"; }

bool Contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// What was opened before, among `nodes`: first where it was plugged in, then, by its name, one that was not
// there beside it. "" when it is not there.
std::string KnownAgain(const std::vector<V4l2Node>& nodes, const V4l2Identity& known) {
  for (const V4l2Node& n : nodes) {
    if (n.bus == known.bus && n.card == known.card && n.path == known.path) return n.path;
  }
  for (const V4l2Node& n : nodes) {
    if (n.bus == known.bus && n.card == known.card) return n.path;
  }
  for (const V4l2Node& n : nodes) {
    if (n.card == known.card && !Contains(known.other_bus, n.bus)) return n.path;
  }
  return "";
}

Result<std::string> ByName(const std::vector<V4l2Node>& nodes, const std::string& wanted,
                           const std::string& kind) {
  std::vector<const V4l2Node*> fit;
  for (const V4l2Node& n : nodes) {
    if (Lower(n.card).find(Lower(wanted)) != std::string::npos) fit.push_back(&n);
  }
  std::string shown;
  for (const V4l2Node* n : fit) shown += (shown.empty() ? "" : ", ") + Shown(*n);
  const bool same = std::all_of(fit.begin(), fit.end(), [&](auto* n) { return n->card == fit[0]->card; });
  if (!fit.empty() && same) return fit[0]->path;
  if (!fit.empty())
    return InvalidArgument("'" + wanted + "' fits several: " + shown + ": say more of the name, or a number");
  for (const V4l2Node& n : nodes) shown += (shown.empty() ? "" : ", ") + Shown(n);
  return NotFound("no " + kind + " '" + wanted +
                  "': " + (shown.empty() ? "there is none; plug it in" : "there are " + shown));
}

}  // namespace

int V4l2Device::Open(const std::string& path) {
  Close();
  do fd_ = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) return errno;
  v4l2_capability capability = {};
  if (const int error = Ioctl(VIDIOC_QUERYCAP, &capability); error != 0) {
    Close();
    return error == EINVAL ? ENOTTY : error;
  }
  path_ = path;
  card_ = Text(capability.card);
  bus_ = Text(capability.bus_info);
  driver_ = Text(capability.driver);
  capabilities_ = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps
                                                                        : capability.capabilities;
  return 0;
}

void V4l2Device::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

int V4l2Device::Ioctl(unsigned long request, void* argument) const {
  int result;
  do result = ioctl(fd_, request, argument);
  while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

std::vector<V4l2Node> ListV4l2Nodes() {
  std::vector<V4l2Node> nodes;
  for (int i = 0; i < kMostNodes; ++i) {
    V4l2Node node;
    node.path = "/dev/video" + std::to_string(i);
    V4l2Device device;
    node.error = device.Open(node.path);
    if (node.error == ENOENT || node.error == ENODEV || node.error == ENXIO || node.error == ENOTTY) continue;
    node.card = device.card();
    node.bus = device.bus();
    node.capabilities = device.capabilities();
    node.loopback = device.driver().find("loopback") != std::string::npos;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<std::string> FindV4l2Device(const std::string& wanted, uint32_t capabilities, const std::string& kind,
                                   const V4l2Identity& known) {
  // Said by path, and never open yet: no other needs to be looked at.
  if (known.path.empty() && IsPath(wanted)) return PathOf(wanted);
  std::vector<V4l2Node> nodes = ListV4l2Nodes();
  std::string denied;
  for (const V4l2Node& n : nodes) {
    if (n.error == EACCES || n.error == EPERM) denied = n.path;
  }
  std::erase_if(nodes, [&](const V4l2Node& n) { return n.error || (n.capabilities & capabilities) == 0; });
  if (!known.path.empty()) {
    if (const std::string path = KnownAgain(nodes, known); !path.empty()) return path;
    // Something new at the place that was asked for.
    for (const V4l2Node& n : nodes) {
      if (IsPath(wanted) && n.path == PathOf(wanted) && !Contains(known.other_bus, n.bus)) return n.path;
    }
    return NotFound(kind + " '" + known.card + "' is gone: plug it in again, and it goes on");
  }
  if (nodes.empty() && !denied.empty()) return V4l2Failure(kind + " " + denied, denied, "opening it", EACCES);
  if (wanted.empty() && nodes.empty()) return NotFound("there is no " + kind + ": plug one in");
  if (wanted.empty()) {
    const auto real = std::find_if(nodes.begin(), nodes.end(), [](const V4l2Node& n) { return !n.loopback; });
    return real != nodes.end() ? real->path : nodes[0].path;
  }
  return ByName(nodes, wanted, kind);
}

V4l2Identity IdentifyV4l2Device(const V4l2Device& device) {
  V4l2Identity identity{device.path(), device.card(), device.bus(), {}};
  for (const V4l2Node& n : ListV4l2Nodes()) {
    if (!n.bus.empty() && n.bus != identity.bus) identity.other_bus.push_back(n.bus);
  }
  return identity;
}

Status V4l2Failure(const std::string& who, const std::string& path, const std::string& doing, int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return IoError(who + ": no permission to open " + path +
                     ": add yourself to the group 'video' (sudo usermod -aG video $USER) and log in again");
    case EBUSY:
      return IoError(who + ": another program uses it: close that program ('fuser " + path + "' finds it)");
    case ENOENT:
      return NotFound(who + ": there is no " + path + ": plug it in, or choose one that --list names");
    case ENODEV:
    case ENXIO:
      return IoError(who + " was unplugged: plug it in again");
    case ENOTTY:
      return InvalidArgument(who + ": " + path + " is no video device: choose one that --list names");
    case ENOSPC:
      return IoError(who + ": the USB port has no room for so much: choose mjpeg or a smaller size, or " +
                     "plug it in elsewhere");
    case ENOMEM:
      return OutOfMemory(who + ": no memory for its frames: choose a smaller size");
    default:
      return IoError(who + ": " + doing + " failed (" + strerror(error) +
                     "): plug it in again, or choose another size or format");
  }
}

std::string RateText(double fps) { return NumberToText(std::round(fps * 100) / 100); }

}  // namespace tempera::live
