#include "cli/serve/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "cli/serve/http_fields.h"

namespace tempera::cli {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> Resolve(const std::string& host, int port) {
  addrinfo wish = {};
  wish.ai_socktype = SOCK_STREAM;
  wish.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wish, &list);
  if (error != 0 || list == nullptr) {
    return InvalidArgument("--host " + host + ": no address of that name (" + gai_strerror(error) +
                           "); give an address of this machine, as 127.0.0.1, or 0.0.0.0 for all of them");
  }
  return Addresses(list, &freeaddrinfo);
}

Status WhyNot(const std::string& host, int port, int cause) {
  const std::string number = std::to_string(port);
  switch (cause) {
    case EADDRINUSE:
      return IoError("port " + number +
                     " is taken by another program: give another one with --port, or 0 for any");
    case EACCES:
      return IoError("port " + number + " is not yours to listen on: give one from 1024 on with --port");
    case EADDRNOTAVAIL:
      return InvalidArgument(
          "--host " + host +
          " is no address of this machine; give one of its own, or 0.0.0.0 for all of them");
    default:
      return IoError("cannot listen on " + host + ", port " + number + ": " + std::strerror(cause));
  }
}

// Its address as a number, and the port that it has in fact.
Status Describe(Listener* listener) {
  sockaddr_storage bound = {};
  socklen_t size = sizeof bound;
  char address[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
  auto* const any = reinterpret_cast<sockaddr*>(&bound);
  if (getsockname(listener->socket.get(), any, &size) != 0 ||
      getnameinfo(any, size, address, sizeof address, service, sizeof service,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return IoError(std::string("cannot tell the server's address: ") + std::strerror(errno));
  }
  listener->address = address;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(bound);
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(bound);
  listener->port = ntohs(bound.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
  listener->is_loopback = IsLoopbackHost(listener->address);
  return OkStatus();
}

}  // namespace

Result<Listener> Listen(const std::string& host, int port) {
  TEMPERA_ASSIGN_OR_RETURN(const Addresses list, Resolve(host, port));
  int cause = 0;
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    Listener listener;
    listener.socket =
        Descriptor(socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
    const int one = 1;
    // What an earlier server of this port left behind does not matter; a server that listens there does.
    setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (listener.socket.get() >= 0 && bind(listener.socket.get(), at->ai_addr, at->ai_addrlen) == 0 &&
        listen(listener.socket.get(), SOMAXCONN) == 0) {
      TEMPERA_RETURN_IF_ERROR(Describe(&listener));
      return listener;
    }
    if (cause == 0) cause = errno;
  }
  return WhyNot(host, port, cause);
}

std::string UrlOf(const std::string& address, int port) {
  std::string name = address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
  if (name.find(':') != std::string::npos) name = "[" + name + "]";
  return "http://" + name + ":" + std::to_string(port) + "/";
}

}  // namespace tempera::cli
