// V4L2 cameras and loopback devices by the words of the command. A system without V4L2 has none.
#pragma once

#include <memory>
#include <string>

#include "live/sink.h"
#include "live/source.h"
#include "src/base/status.h"

namespace tempera::cli {

// Whether `text` can be nothing else: a number, /dev/videoN, /dev/v4l/..., or what stands behind "v4l2:";
// with options or without.
bool NamesCamera(const std::string& text);
bool AnyCamera();
// Whether the name of a camera that is there has `text`, or what of it stands before its options, in it.
bool HasCameraCalled(const std::string& text);

// "[v4l2:]DEVICE[,size=WxH][,fps=N][,format=NAME]". Fails where there is none such now.
Result<std::unique_ptr<live::Source>> OpenCamera(const std::string& text);
// "v4l2:DEVICE[,...]", the same.
Result<std::unique_ptr<live::Sink>> OpenLoopback(const std::string& text);

// Cameras with their formats, sizes and rates, a line for each, for people.
std::string ListCameras();

}  // namespace tempera::cli
