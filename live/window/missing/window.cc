// A build without SDL2 and Dear ImGui.
#include "live/window/window.h"

namespace tempera::live {

bool Window::Built() { return false; }

Result<std::unique_ptr<Window>> Window::Open(const WindowOptions&) {
  return Unsupported(
      "this tempera was built without SDL2 or Dear ImGui, which the window needs: install libsdl2-dev and "
      "libimgui-dev ('make setup' does) and build it again, or say --no-window");
}

}  // namespace tempera::live
