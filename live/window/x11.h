// What SDL does not do on X11: a display that dies must not take the program along, since recordings are to
// be finished, and Xlib's way is to call exit.
#pragma once

struct SDL_Window;

namespace tempera::live {

// After the window was made: makes its display's loss something that DisplayIsLost tells. Returns the socket
// over which its events come; -1 where it is not X11, or Xlib is too old (before 1.7, of 2020) to be kept
// from exiting. SDL has a second connection, for waking from other threads, which cannot be kept from it:
// where there is a socket, wait on that, and push no events from elsewhere.
int SurviveDisplayLoss(SDL_Window* window);
// Whether it died. SDL must be called no more then.
bool DisplayIsLost();

}  // namespace tempera::live
