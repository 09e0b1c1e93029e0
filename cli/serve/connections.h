// Connections that must not wait for ever: who holds one without asking anything, or without taking its
// answer, makes room for others.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace tempera::cli {

// The server's open sockets. To end one is to shut it down: the server's own threads meet its end as if the
// other side had gone, and close it. From any thread.
class Connections {
 public:
  using Clock = std::chrono::steady_clock;

  struct Connection {
    int socket = -1;
    bool asks = true;  // no whole request has come yet, or none since the last answer
    bool ended = false;
    Clock::time_point since;  // when it began to ask, or to be answered
  };

  // At most `crowd` of them: the one that has been asking or been answered for longest goes when another
  // comes.
  explicit Connections(size_t crowd) : crowd_(crowd) {}

  // Until Remove(), which must come before the socket is closed: its number may then be another connection's.
  Connection* Add(int socket, Clock::time_point now);
  void Remove(Connection* connection);
  void BeginAnswer(Connection* connection, Clock::time_point now);
  void EndAnswer(Connection* connection, Clock::time_point now);

  // Ends those that have been asking for longer than `most`; how many.
  size_t EndSlow(Clock::time_point now, Clock::duration most);

 private:
  static void End(Connection* connection);

  const size_t crowd_;
  std::mutex mutex_;
  std::list<Connection> open_;
};

}  // namespace tempera::cli
