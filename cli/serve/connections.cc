#include "cli/serve/connections.h"

#include <sys/socket.h>

namespace tempera::cli {

Connections::Connection* Connections::Add(int socket, Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  size_t alive = 0;
  Connection* oldest = nullptr;
  for (Connection& connection : open_) {
    if (connection.ended) continue;
    ++alive;
    if (oldest == nullptr || connection.since < oldest->since) oldest = &connection;
  }
  if (alive >= crowd_ && oldest != nullptr) End(oldest);
  return &open_.emplace_back(Connection{socket, true, false, now});
}

void Connections::Remove(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.remove_if([connection](const Connection& other) { return &other == connection; });
}

void Connections::BeginAnswer(Connection* connection, Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  connection->asks = false;
  connection->since = now;
}

void Connections::EndAnswer(Connection* connection, Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  connection->asks = true;
  connection->since = now;
}

size_t Connections::EndSlow(Clock::time_point now, Clock::duration most) {
  const std::lock_guard<std::mutex> lock(mutex_);
  size_t ended = 0;
  for (Connection& connection : open_) {
    if (connection.ended || !connection.asks || now - connection.since <= most) continue;
    End(&connection);
    ++ended;
  }
  return ended;
}

void Connections::End(Connection* connection) {
  connection->ended = true;
  shutdown(connection->socket, SHUT_RDWR);
}

}  // namespace tempera::cli
