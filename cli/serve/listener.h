// A socket that waits for browsers.
#pragma once

#include <string>

#include "cli/serve/site.h"
#include "src/base/status.h"

namespace tempera::cli {

struct Listener {
  Descriptor socket;
  std::string address;  // as a number: 127.0.0.1, ::1
  int port = 0;         // the one that the system chose, where 0 was wished
  bool is_loopback = false;
};

// Listens at an address or a name of this machine. Port 0: one that is free.
Result<Listener> Listen(const std::string& host, int port);

// "http://127.0.0.1:8000/" of an address and a port; of what means every address of the machine, the one that
// the machine reaches itself at.
std::string UrlOf(const std::string& address, int port);

}  // namespace tempera::cli
