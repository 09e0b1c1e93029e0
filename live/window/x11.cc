// Xlib's headers claim words such as Status: no other header of the house is included here.
#include "live/window/x11.h"

#include <SDL.h>
#include <SDL_syswm.h>

#include <atomic>

namespace tempera::live {
namespace {

std::atomic<bool> lost{false};

}  // namespace

#ifdef SDL_VIDEO_DRIVER_X11

int SurviveDisplayLoss(SDL_Window* window) {
  using SetIoErrorHandler = XIOErrorHandler (*)(XIOErrorHandler);
  using SetExitHandler = void (*)(Display*, void (*)(Display*, void*), void*);
  SDL_SysWMinfo info;
  SDL_VERSION(&info.version);
  if (SDL_GetWindowWMInfo(window, &info) == SDL_FALSE || info.subsystem != SDL_SYSWM_X11) return -1;
  void* library = SDL_LoadObject("libX11.so.6");  // which SDL has loaded; it stays
  if (library == nullptr) return -1;
  const auto set_exit = reinterpret_cast<SetExitHandler>(SDL_LoadFunction(library, "XSetIOErrorExitHandler"));
  const auto set_error = reinterpret_cast<SetIoErrorHandler>(SDL_LoadFunction(library, "XSetIOErrorHandler"));
  if (set_exit == nullptr || set_error == nullptr) return -1;
  // Instead of printing, and instead of exiting.
  set_error([](Display*) {
    lost = true;
    return 0;
  });
  set_exit(info.info.x11.display, [](Display*, void*) { lost = true; }, nullptr);
  return ConnectionNumber(info.info.x11.display);
}

#else

int SurviveDisplayLoss(SDL_Window*) { return -1; }

#endif

bool DisplayIsLost() { return lost; }

}  // namespace tempera::live
