// Hands out a folder to browsers, by libmicrohttpd (docs/decisions/0014). No other file knows it.
#pragma once

#include <memory>

#include "cli/serve/answer.h"
#include "cli/serve/listener.h"
#include "src/base/status.h"

namespace tempera::cli {

// Whether this build can serve: it had libmicrohttpd and zlib.
bool CanServe();

// Answers from threads of its own until it is destroyed, which ends what is under way. They inherit the
// signals that are blocked when it starts.
class WebServer {
 public:
  static Result<std::unique_ptr<WebServer>> Start(Listener listener, std::unique_ptr<Answerer> answerer);
  virtual ~WebServer() = default;

  // Ends connections that only hold their place; to be called every second or so.
  virtual void EndSlow() = 0;
};

}  // namespace tempera::cli
