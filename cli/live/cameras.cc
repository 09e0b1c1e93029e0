#include "cli/live/cameras.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <vector>

#include "src/base/text/number_text.h"

#if TEMPERA_HAS_V4L2
#include "live/v4l2/v4l2.h"
#endif

namespace tempera::cli {
namespace {

// What stands behind "v4l2:".
std::string Words(const std::string& text) { return text.rfind("v4l2:", 0) == 0 ? text.substr(5) : text; }

}  // namespace

bool NamesCamera(const std::string& text) {
  const std::string device = text.substr(0, text.find(','));
  const bool number = !device.empty() && std::all_of(device.begin(), device.end(),
                                                     [](unsigned char c) { return std::isdigit(c) != 0; });
  return number || text.rfind("v4l2:", 0) == 0 || text.rfind("/dev/v", 0) == 0;
}

#if TEMPERA_HAS_V4L2

namespace {

std::string SizeText(const live::V4l2Size& size) {
  const auto by = [](int width, int height) { return std::to_string(width) + "x" + std::to_string(height); };
  std::string text = by(size.width, size.height);
  if (size.least_width > 0) text = by(size.least_width, size.least_height) + " to " + text;
  const char* before = " at ";
  for (const double fps : size.fps) {
    text += before + NumberToText(std::round(fps * 100) / 100);
    before = size.any_fps ? " down to " : ", ";
  }
  return text;
}

std::string FormatText(const live::V4l2Format& format) {
  std::string text = "  " + format.name + (format.usable ? "" : " (not read)");
  for (size_t i = 0; i < format.sizes.size(); ++i) text += (i == 0 ? "  " : "; ") + SizeText(format.sizes[i]);
  return text + "\n";
}

}  // namespace

bool AnyCamera() { return !live::ListV4l2Cameras().empty(); }

bool HasCameraCalled(const std::string& text) {
  const auto choice = live::ParseV4l2Choice(text);
  if (!choice.ok() || choice->device.empty()) return false;
  const Status status = live::CheckV4l2Camera(*choice);
  return status.code() != StatusCode::kNotFound;  // one that fits several is told so
}

Result<std::unique_ptr<live::Source>> OpenCamera(const std::string& text) {
  TEMPERA_ASSIGN_OR_RETURN(const live::V4l2Choice choice, live::ParseV4l2Choice(Words(text)));
  TEMPERA_RETURN_IF_ERROR(live::CheckV4l2Camera(choice));
  return live::MakeV4l2Source(choice);
}

Result<std::unique_ptr<live::Sink>> OpenLoopback(const std::string& text) {
  TEMPERA_ASSIGN_OR_RETURN(const live::V4l2OutputChoice choice, live::ParseV4l2Output(Words(text)));
  auto sink = live::MakeV4l2Sink(choice);
  if (sink.ok()) TEMPERA_RETURN_IF_ERROR(live::CheckV4l2Output(choice));
  return sink;
}

std::string ListCameras() {
  std::string text;
  for (const live::V4l2Camera& camera : live::ListV4l2Cameras()) {
    text += camera.path + "  " + (camera.problem.empty() ? camera.name : camera.problem) +
            (camera.bus.empty() ? "" : "  (" + camera.bus + ")") + "\n";
    for (const live::V4l2Format& format : camera.formats) text += FormatText(format);
  }
  return text.empty() ? "no camera was found\n" : text;
}

#else

namespace {
Status NoV4l2() { return Unsupported("cameras are read through V4L2, which only Linux has"); }
}  // namespace

bool AnyCamera() { return false; }
bool HasCameraCalled(const std::string&) { return false; }
Result<std::unique_ptr<live::Source>> OpenCamera(const std::string&) { return NoV4l2(); }
Result<std::unique_ptr<live::Sink>> OpenLoopback(const std::string&) { return NoV4l2(); }
std::string ListCameras() { return "no camera was found\n"; }

#endif

}  // namespace tempera::cli
