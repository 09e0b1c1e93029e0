#include "cli/serve/web_server.h"

#if TEMPERA_HAS_SERVER

#include <microhttpd.h>
#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "cli/serve/connections.h"

namespace tempera::cli {
namespace {

// An answer may have to read and compress a file, so one thread alone would keep others waiting.
constexpr unsigned kThreads = 4;
// A request's first line and fields: browsers send one or two KB, and cookies of all of this machine's
// servers.
constexpr size_t kMostRequestBytes = 32 << 10;
// Without a byte taken of an answer. A film that is paused is asked for again from where it was.
constexpr unsigned kIdleSeconds = 30;
// For a whole request, and between two of them.
constexpr std::chrono::seconds kAskingTime(10);

// Each connection may have a file open besides itself; the rest is for the program's own.
size_t MostConnections() {
  constexpr size_t kMost = 480;
  constexpr size_t kOwn = 64;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost;
  const size_t files = limit.rlim_cur == RLIM_INFINITY ? 4096 : static_cast<size_t>(limit.rlim_cur);
  return std::clamp<size_t>(files > kOwn ? (files - kOwn) / 2 : 0, 8, kMost);
}

MHD_Response* Body(Answer* answer) {
  if (answer->file.get() >= 0) {
    const auto size = static_cast<uint64_t>(answer->size_bytes);
    const auto offset = static_cast<uint64_t>(answer->offset_bytes);
    MHD_Response* response = MHD_create_response_from_fd_at_offset64(size, answer->file.get(), offset);
    if (response != nullptr) answer->file.Release();  // the response's now
    return response;
  }
  // Held for as long as it is sent.
  auto held = std::make_unique<SharedBytes>(answer->bytes);
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      (*held)->size(), const_cast<char*>((*held)->data()),
      [](void* bytes) { delete static_cast<SharedBytes*>(bytes); }, held.get());
  if (response != nullptr) held.release();
  return response;
}

class MicroHttpServer final : public WebServer {
 public:
  explicit MicroHttpServer(std::unique_ptr<Answerer> answerer)
      : answerer_(std::move(answerer)), most_(MostConnections()), connections_(most_) {}
  ~MicroHttpServer() override {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }

  bool Start(Listener* listener) {
    daemon_ = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr, &OnRequest,
                               this,                                                                       //
                               MHD_OPTION_LISTEN_SOCKET, static_cast<MHD_socket>(listener->socket.get()),  //
                               MHD_OPTION_THREAD_POOL_SIZE, kThreads,                                      //
                               // Ended ones are still there for a moment.
                               MHD_OPTION_CONNECTION_LIMIT, static_cast<unsigned>(most_ + 8 * kThreads),  //
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, kMostRequestBytes,                     //
                               MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,                               //
                               MHD_OPTION_NOTIFY_CONNECTION, &OnConnection, this,                         //
                               MHD_OPTION_NOTIFY_COMPLETED, &OnCompleted, this,                           //
                               MHD_OPTION_URI_LOG_CALLBACK, &OnTarget, this,                              //
                               MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,  // main.cc ignores it
                               MHD_OPTION_END);
    if (daemon_ != nullptr) listener->socket.Release();  // the daemon's now
    return daemon_ != nullptr;
  }

  void EndSlow() override { connections_.EndSlow(Connections::Clock::now(), kAskingTime); }

 private:
  static Connections::Connection* ConnectionOf(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == nullptr ? nullptr : static_cast<Connections::Connection*>(info->socket_context);
  }

  static void OnConnection(void* self, MHD_Connection* connection, void** context,
                           MHD_ConnectionNotificationCode what) {
    Connections& connections = static_cast<MicroHttpServer*>(self)->connections_;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
      const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
      if (info != nullptr) *context = connections.Add(info->connect_fd, Connections::Clock::now());
    } else if (*context != nullptr) {
      connections.Remove(static_cast<Connections::Connection*>(*context));
      *context = nullptr;
    }
  }

  // What the library keeps for us of each request.
  struct Asked {
    std::string target;  // as it came, before the library takes it apart
    bool is_known = false;
  };
  static void* OnTarget(void*, const char* target, MHD_Connection*) { return new Asked{target}; }

  static void OnCompleted(void* self, MHD_Connection* connection, void** asked, MHD_RequestTerminationCode) {
    delete static_cast<Asked*>(*asked);
    *asked = nullptr;
    if (Connections::Connection* open = ConnectionOf(connection)) {
      static_cast<MicroHttpServer*>(self)->connections_.EndAnswer(open, Connections::Clock::now());
    }
  }

  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char*, const char* method,
                              const char*, const char*, size_t*, void** context) {
    auto* const server = static_cast<MicroHttpServer*>(self);
    auto* const asked = static_cast<Asked*>(*context);
    // The library calls once with the fields and again when all is read; who is answered at the first call is
    // not kept. That is right for who sends more than we want to read, and for nobody else.
    if (!asked->is_known && !HasBody(connection)) {
      asked->is_known = true;
      return MHD_YES;
    }
    if (Connections::Connection* open = ConnectionOf(connection)) {
      server->connections_.BeginAnswer(open, Connections::Clock::now());
    }
    // The library is C: where memory ends, the connection does.
    try {
      return server->Reply(connection, method, asked->target);
    } catch (const std::exception&) {
      return MHD_NO;
    }
  }

  static bool HasBody(MHD_Connection* connection) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length") != nullptr ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding") != nullptr;
  }

  MHD_Result Reply(MHD_Connection* connection, const char* method, const std::string& target) {
    Request request;
    request.method = method;
    request.target = target;
    request.field = [connection](const char* name) -> std::optional<std::string_view> {
      const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
      return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
    };
    Answer answer = answerer_->AnswerTo(request);
    MHD_Response* response = Body(&answer);
    if (response == nullptr) return MHD_NO;
    for (const auto& [name, value] : answer.fields)
      MHD_add_response_header(response, name.c_str(), value.c_str());
    const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
    MHD_destroy_response(response);
    return queued;
  }

  const std::unique_ptr<Answerer> answerer_;
  const size_t most_;
  Connections connections_;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace

bool CanServe() { return true; }

Result<std::unique_ptr<WebServer>> WebServer::Start(Listener listener, std::unique_ptr<Answerer> answerer) {
  auto server = std::make_unique<MicroHttpServer>(std::move(answerer));
  if (!server->Start(&listener)) {
    return IoError("the server does not start: the machine has no threads or files left; end other programs");
  }
  return std::unique_ptr<WebServer>(std::move(server));
}

}  // namespace tempera::cli

#else

namespace tempera::cli {

bool CanServe() { return false; }

Result<std::unique_ptr<WebServer>> WebServer::Start(Listener, std::unique_ptr<Answerer>) {
  return Unsupported("this tempera was built without a web server");
}

}  // namespace tempera::cli

#endif
