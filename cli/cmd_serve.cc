// tempera serve: the page that paints in a browser, from this machine.
#include <poll.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/serve/answer.h"
#include "cli/serve/http_fields.h"
#include "cli/serve/listener.h"
#include "cli/serve/site.h"
#include "cli/serve/web_server.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

struct ServeOptions {
  std::optional<std::string> folder;
  std::string host = "127.0.0.1";
  int port = 8000;
};

// The page that belongs to this binary: built beside it, or installed with it.
Result<std::string> PageFolder() {
  const fs::path above = fs::path(BinaryFolder()).parent_path();
  std::error_code error;
  for (const fs::path& folder : {above / "page", above / "share/tempera/page"}) {
    if (fs::is_regular_file(folder / "index.html", error)) return folder.string();
  }
  return NotFound(
      "the page is not built: run 'make web' in Tempera's sources, or give --dir a folder to serve");
}

// Ctrl-C reaches the thread that waits, and only while it waits.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t block;
    sigemptyset(&block);
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&block, signal);
    pthread_sigmask(SIG_BLOCK, &block, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  // A second, or less when a signal comes.
  void Wait() const {
    const timespec second = {1, 0};
    ppoll(nullptr, 0, &second, &before_);
  }

 private:
  sigset_t before_;
};

int Serve(const ServeOptions& options) {
  if (!CanServe()) {
    return Fail(
        Unsupported("this tempera was built without libmicrohttpd or zlib, which 'serve' needs: install "
                    "libmicrohttpd-dev and zlib1g-dev ('make setup' does) and build it again"));
  }
  const Result<std::string> folder = options.folder ? *options.folder : PageFolder();
  if (!folder.ok()) return Fail(folder.status());
  Result<Site> site = Site::Open(*folder);
  if (!site.ok()) return Fail(site.status());
  Result<Listener> listener = Listen(options.host, options.port);
  if (!listener.ok()) return Fail(listener.status());

  std::error_code error;
  if (!fs::is_regular_file(site->folder() + "/index.html", error)) {
    Note(*folder + " has no index.html: its files are served, but no page");
  }
  if (!listener->is_loopback) {
    Note("other machines can reach this and read " + *folder +
         "; browsers give their visitors no camera and one thread only, unless a proxy in front of it speaks "
         "https");
  }
  const std::string url = UrlOf(listener->address, listener->port);
  const InterruptGuard guard(false);
  const BlockedSignals blocked;
  const std::string name = listener->is_loopback ? HostName(options.host).value_or(options.host) : "";
  auto answerer = std::make_unique<Answerer>(std::move(site).value(), name);
  const auto server = WebServer::Start(std::move(listener).value(), std::move(answerer));
  if (!server.ok()) return Fail(server.status());
  std::fprintf(stderr, "serving %s; Ctrl-C ends it\n", Printable(*folder).c_str());
  // Last of all, so that a program that waits for it finds everything said.
  std::printf("%s\n", url.c_str());
  if (std::fflush(stdout) != 0) return Fail(IoError("cannot write to standard output: disk full?"));
  while (!guard.interrupted()) {
    blocked.Wait();
    (*server)->EndSlow();
  }
  return kExitOk;
}

}  // namespace

Run SetUpServe(CLI::App& verb) {
  auto options = std::make_shared<ServeOptions>();
  verb.add_option("--port", options->port, "Where to listen; 0 takes a port that is free [8000]")
      ->check(CLI::Range(0, 65535))
      ->type_name("N");
  verb.add_option("--dir", options->folder, "What to serve instead of Tempera's page")->type_name("DIR");
  verb.add_option("--host", options->host,
                  "For other machines too: an address of this one; 0.0.0.0 is all of them [127.0.0.1]")
      ->type_name("ADDRESS");
  verb.footer("Try it: 'make web', or tempera serve --dir build/page, and open the address that it prints");
  return [options] { return Serve(*options); };
}

}  // namespace tempera::cli
