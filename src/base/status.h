// Errors as values: Status and Result<T>. Nothing in the library prints,
// aborts or throws across its border; a function that can fail returns one.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace tempera {

enum class StatusCode {
  kOk = 0,
  kInvalidArgument,  // the caller passed something unusable (size, stride, option)
  kNotFound,         // a file, a style name, a tensor name
  kCorruptModel,     // bytes that are not a valid model
  kUnsupported,      // valid, but an operator, type or size we do not handle
  kOutOfMemory,
  kIo,         // reading or writing failed (disk full, permission)
  kCancelled,  // the user asked to stop
  kInternal,   // a bug of ours
};

// An outcome. The message is one line: it names the thing at fault and the cure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }
inline Status InvalidArgument(std::string m) { return {StatusCode::kInvalidArgument, std::move(m)}; }
inline Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
inline Status CorruptModel(std::string m) { return {StatusCode::kCorruptModel, std::move(m)}; }
inline Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
inline Status OutOfMemory(std::string m) { return {StatusCode::kOutOfMemory, std::move(m)}; }
inline Status IoError(std::string m) { return {StatusCode::kIo, std::move(m)}; }
inline Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

// A T, or why there is none. value() may be called only when ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}         // NOLINT: implicit by design
  Result(Status status) : state_(std::move(status)) {}  // NOLINT: implicit by design

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }
  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

 private:
  std::variant<Status, T> state_;
};

#define TEMPERA_CONCAT_INNER_(a, b) a##b
#define TEMPERA_CONCAT_(a, b) TEMPERA_CONCAT_INNER_(a, b)

// Leaves the enclosing function with the status when it is not ok.
#define TEMPERA_RETURN_IF_ERROR(expr)   \
  do {                                  \
    ::tempera::Status status_ = (expr); \
    if (!status_.ok()) return status_;  \
  } while (false)

// TEMPERA_ASSIGN_OR_RETURN(auto x, Make()): x, or leave with the status.
#define TEMPERA_ASSIGN_OR_RETURN(lhs, expr)                                                         \
  auto TEMPERA_CONCAT_(result_, __LINE__) = (expr);                                                 \
  if (!TEMPERA_CONCAT_(result_, __LINE__).ok()) return TEMPERA_CONCAT_(result_, __LINE__).status(); \
  lhs = std::move(TEMPERA_CONCAT_(result_, __LINE__)).value()

}  // namespace tempera
