#include "live/pipewire/client/screen_portal.h"

#if TEMPERA_HAS_GIO

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

namespace tempera::live {
namespace {

constexpr char kPortal[] = "org.freedesktop.portal.Desktop";
constexpr char kPath[] = "/org/freedesktop/portal/desktop";
constexpr char kScreenCast[] = "org.freedesktop.portal.ScreenCast";
constexpr char kRequest[] = "org.freedesktop.portal.Request";
constexpr int kCallMs = 5000;                         // the portal answers calls at once
constexpr std::chrono::seconds kPersonPatience{120};  // people do not
// Bits of AvailableSourceTypes and AvailableCursorModes.
constexpr uint32_t kMonitor = 1, kWindow = 2, kCursorEmbedded = 2;

struct Unref {
  void operator()(GVariant* variant) const { g_variant_unref(variant); }
  void operator()(GDBusConnection* connection) const { g_object_unref(connection); }
  void operator()(GMainContext* context) const { g_main_context_unref(context); }
  void operator()(char* text) const { g_free(text); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

std::string OneLine(const GError* error) {
  std::string text = error ? error->message : "no reason given";
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

// What answers a request, when it comes.
struct Answer {
  bool came = false;
  uint32_t code = 2;  // 0: yes; 1: the person said no; 2: ended otherwise
  Owned<GVariant> results;
};

class ScreenPortalImpl : public ScreenPortal {
 public:
  ~ScreenPortalImpl() override;

  Status Start(const std::atomic<bool>& stop);
  uint32_t node_id() const override { return node_id_; }
  int TakeFd() override { return std::exchange(fd_, -1); }

 private:
  Status Connect();
  // Calls a method of the portal's that answers by a Response. Its arguments: the session where there is one,
  // a window of ours (none) where `for_window`, and `options`, which are used up.
  Result<Owned<GVariant>> Ask(const char* method, const char* session, GVariantBuilder* options,
                              bool for_window, const std::atomic<bool>& stop);
  uint32_t Number(const char* property);
  Status OpenRemote();

  static void OnResponse(GDBusConnection*, const char*, const char*, const char*, const char*,
                         GVariant* parameters, void* data);

  Owned<GMainContext> context_;
  Owned<GDBusConnection> bus_;
  std::string session_;
  int requests_ = 0;
  uint32_t node_id_ = 0;
  int fd_ = -1;
};

ScreenPortalImpl::~ScreenPortalImpl() {
  if (fd_ >= 0) close(fd_);
  if (!bus_) return;
  // Sharing ends with the session, and in any case with the connection.
  if (!session_.empty()) {
    g_dbus_connection_call(bus_.get(), kPortal, session_.c_str(), "org.freedesktop.portal.Session", "Close",
                           nullptr, nullptr, G_DBUS_CALL_FLAGS_NO_AUTO_START, kCallMs, nullptr, nullptr,
                           nullptr);
    g_dbus_connection_flush_sync(bus_.get(), nullptr, nullptr);
  }
  g_dbus_connection_close_sync(bus_.get(), nullptr, nullptr);
}

Status ScreenPortalImpl::Connect() {
  GError* raw = nullptr;
  const Owned<char> address(g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, nullptr, &raw));
  // A connection of our own: signals arrive in our context, and what was shared ends with it.
  if (address) {
    bus_.reset(g_dbus_connection_new_for_address_sync(
        address.get(),
        static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, nullptr, &raw));
  }
  const Owned<GError> error(raw);
  if (bus_) return OkStatus();
  return NotFound("no desktop session to ask for a screen (" + OneLine(error.get()) +
                  "): run this inside one, or name a PipeWire node (tempera live --list)");
}

uint32_t ScreenPortalImpl::Number(const char* property) {
  const Owned<GVariant> reply(
      g_dbus_connection_call_sync(bus_.get(), kPortal, kPath, "org.freedesktop.DBus.Properties", "Get",
                                  g_variant_new("(ss)", kScreenCast, property), G_VARIANT_TYPE("(v)"),
                                  G_DBUS_CALL_FLAGS_NONE, kCallMs, nullptr, nullptr));
  if (!reply) return 0;
  GVariant* value = nullptr;
  g_variant_get(reply.get(), "(v)", &value);
  const Owned<GVariant> owned(value);
  return g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32) ? g_variant_get_uint32(value) : 0;
}

void ScreenPortalImpl::OnResponse(GDBusConnection*, const char*, const char*, const char*, const char*,
                                  GVariant* parameters, void* data) {
  auto* answer = static_cast<Answer*>(data);
  if (answer->came || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ua{sv})"))) return;
  GVariant* results = nullptr;
  g_variant_get(parameters, "(u@a{sv})", &answer->code, &results);
  answer->results.reset(results);
  answer->came = true;
}

Result<Owned<GVariant>> ScreenPortalImpl::Ask(const char* method, const char* session,
                                              GVariantBuilder* options, bool for_window,
                                              const std::atomic<bool>& stop) {
  const std::string token = "tempera" + std::to_string(++requests_);
  std::string sender = g_dbus_connection_get_unique_name(bus_.get());
  sender.erase(0, 1);
  std::replace(sender.begin(), sender.end(), '.', '_');
  const std::string path = std::string(kPath) + "/request/" + sender + "/" + token;
  g_variant_builder_add(options, "{sv}", "handle_token", g_variant_new_string(token.c_str()));
  GVariant* arguments = session && for_window ? g_variant_new("(osa{sv})", session, "", options)
                        : session             ? g_variant_new("(oa{sv})", session, options)
                                              : g_variant_new("(a{sv})", options);
  // Before the call: the answer may come at once.
  Answer answer;
  const guint subscription =
      g_dbus_connection_signal_subscribe(bus_.get(), kPortal, kRequest, "Response", path.c_str(), nullptr,
                                         G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, OnResponse, &answer, nullptr);
  GError* raw = nullptr;
  const Owned<GVariant> reply(g_dbus_connection_call_sync(bus_.get(), kPortal, kPath, kScreenCast, method,
                                                          arguments, G_VARIANT_TYPE("(o)"),
                                                          G_DBUS_CALL_FLAGS_NONE, kCallMs, nullptr, &raw));
  const Owned<GError> error(raw);
  const auto end = std::chrono::steady_clock::now() + kPersonPatience;
  while (reply && !answer.came && !stop && !g_dbus_connection_is_closed(bus_.get()) &&
         std::chrono::steady_clock::now() < end) {
    if (!g_main_context_iteration(context_.get(), FALSE))
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  g_dbus_connection_signal_unsubscribe(bus_.get(), subscription);
  if (!reply) {
    return NotFound(
        "the desktop has no portal that shares screens (" + OneLine(error.get()) +
        "): install xdg-desktop-portal and its part for your desktop (xdg-desktop-portal-gnome, -kde, -wlr)");
  }
  if (stop) return Status(StatusCode::kCancelled, "stopped");
  if (!answer.came) return IoError("nobody answered the desktop's question which screen to share: try again");
  if (answer.code == 1) return IoError("the desktop was told to share no screen: try again and choose one");
  if (answer.code != 0)
    return IoError(std::string("the desktop's portal shares no screen (") + method +
                   " failed): see that xdg-desktop-portal's part for your desktop runs");
  return std::move(answer.results);
}

Status ScreenPortalImpl::OpenRemote() {
  GVariantBuilder options;
  g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
  GError* raw = nullptr;
  GUnixFDList* fds = nullptr;
  const Owned<GVariant> reply(g_dbus_connection_call_with_unix_fd_list_sync(
      bus_.get(), kPortal, kPath, kScreenCast, "OpenPipeWireRemote",
      g_variant_new("(oa{sv})", session_.c_str(), &options), G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NONE,
      kCallMs, nullptr, &fds, nullptr, &raw));
  const Owned<GError> error(raw);
  if (reply && fds) {
    gint32 index = 0;
    g_variant_get(reply.get(), "(h)", &index);
    if (index >= 0 && index < g_unix_fd_list_get_length(fds)) fd_ = g_unix_fd_list_get(fds, index, nullptr);
  }
  if (fds) g_object_unref(fds);
  if (fd_ >= 0) return OkStatus();
  return IoError("the desktop's portal opens no PipeWire (" + OneLine(error.get()) +
                 "): restart pipewire and the portal");
}

Status ScreenPortalImpl::Start(const std::atomic<bool>& stop) {
  context_.reset(g_main_context_new());
  g_main_context_push_thread_default(context_.get());
  const Status status = [&]() -> Status {
    TEMPERA_RETURN_IF_ERROR(Connect());
    GVariantBuilder options;
    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "session_handle_token", g_variant_new_string("tempera"));
    TEMPERA_ASSIGN_OR_RETURN(Owned<GVariant> made, Ask("CreateSession", nullptr, &options, false, stop));
    const char* handle = nullptr;
    if (!g_variant_lookup(made.get(), "session_handle", "&s", &handle) || !g_variant_is_object_path(handle))
      return IoError("the desktop's portal made no session to share a screen in: update xdg-desktop-portal");
    session_ = handle;

    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    const uint32_t types = Number("AvailableSourceTypes") & (kMonitor | kWindow);
    g_variant_builder_add(&options, "{sv}", "types", g_variant_new_uint32(types ? types : kMonitor));
    g_variant_builder_add(&options, "{sv}", "multiple", g_variant_new_boolean(FALSE));
    if (Number("AvailableCursorModes") & kCursorEmbedded)
      g_variant_builder_add(&options, "{sv}", "cursor_mode", g_variant_new_uint32(kCursorEmbedded));
    // That it may be seen again is not asked for: who has ended sharing wants it ended.
    TEMPERA_RETURN_IF_ERROR(Ask("SelectSources", session_.c_str(), &options, false, stop).status());

    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    TEMPERA_ASSIGN_OR_RETURN(Owned<GVariant> begun, Ask("Start", session_.c_str(), &options, true, stop));
    const Owned<GVariant> streams(
        g_variant_lookup_value(begun.get(), "streams", G_VARIANT_TYPE("a(ua{sv})")));
    if (!streams || g_variant_n_children(streams.get()) < 1)
      return IoError("the desktop's portal shares no screen: try again and choose one");
    const Owned<GVariant> first(g_variant_get_child_value(streams.get(), 0));
    g_variant_get_child(first.get(), 0, "u", &node_id_);
    return OpenRemote();
  }();
  g_main_context_pop_thread_default(context_.get());
  return status;
}

}  // namespace

Result<std::unique_ptr<ScreenPortal>> ScreenPortal::Open(const std::atomic<bool>& stop) {
  auto portal = std::make_unique<ScreenPortalImpl>();
  TEMPERA_RETURN_IF_ERROR(portal->Start(stop));
  return std::unique_ptr<ScreenPortal>(std::move(portal));
}

}  // namespace tempera::live

#else

namespace tempera::live {

Result<std::unique_ptr<ScreenPortal>> ScreenPortal::Open(const std::atomic<bool>&) {
  return Unsupported(
      "this tempera was built without the desktop's portal for screens: install libglib2.0-dev and build "
      "again, or name "
      "a PipeWire node (tempera live --list)");
}

}  // namespace tempera::live

#endif
