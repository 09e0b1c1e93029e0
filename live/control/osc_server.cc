#include "live/control/osc_server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <system_error>
#include <utility>

#include "live/source.h"
#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"

namespace tempera::live {
namespace {

// UDP's own bound.
constexpr size_t kMostPacket = 65536;
// Of every eight milliseconds so much is spent on packets, then the thread sleeps: painting needs the cores.
constexpr int64_t kBusyNs = 2'000'000;
constexpr int kRestMs = 6;
// Whoever forges a sender's address makes us write to it; more than that nobody asks for.
constexpr int kAnswersASecond = 50;
// Answers fit into what any network carries in one piece after all.
constexpr size_t kMostAnswer = 8000;

Status Failed(const std::string& doing, const OscEndpoint& endpoint) {
  return IoError("OSC: cannot " + doing + " " + endpoint.host + ":" + std::to_string(endpoint.port) + ": " +
                 std::strerror(errno) + (errno == EADDRINUSE ? ": give --osc another port" : ""));
}

bool IsLoopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    return ntohl(in.sin_addr.s_addr) >> 24 == 127;
  }
  sockaddr_in6 in6;
  std::memcpy(&in6, address, sizeof in6);
  return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

Result<double> NumberOf(const std::vector<OscArgument>& arguments) {
  if (arguments.empty() || !arguments[0].is_number() || !std::isfinite(arguments[0].number))
    return InvalidArgument("needs a number");
  return arguments[0].number;
}

// What a switch is set to: on where nothing is said.
bool IsOn(const std::vector<OscArgument>& arguments) {
  return arguments.empty() || !arguments[0].is_number() || arguments[0].number >= 0.5;
}

Result<std::string> TextOf(const std::vector<OscArgument>& arguments, size_t index, const char* what) {
  if (arguments.size() <= index || arguments[index].type != 's' || arguments[index].text.empty())
    return InvalidArgument(std::string("needs ") + what);
  return arguments[index].text;
}

OscArgument Int(double number) { return {'i', number}; }
OscArgument Float(double number) { return {'f', number}; }
OscArgument Text(const std::string& text) { return {'s', 0, text}; }

}  // namespace

Result<OscEndpoint> ParseOscEndpoint(const std::string& text) {
  OscEndpoint endpoint;
  const size_t colon = text.rfind(':');
  const bool has_host = colon != std::string::npos;
  std::string host = has_host ? text.substr(0, colon) : endpoint.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  int64_t port = 0;
  if (!ParseNumber(std::string_view(text).substr(has_host ? colon + 1 : 0), &port) || port < 0 ||
      port > 65535)
    return InvalidArgument("'" + OneLine(text.substr(0, 80)) +
                           "' is no address for OSC: write HOST:PORT, like 127.0.0.1:7770");
  endpoint.host = std::move(host);
  endpoint.port = static_cast<int>(port);
  return endpoint;
}

Status OscServer::Bind(const OscEndpoint& endpoint) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error =
          getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found))
    return IoError("OSC: there is no address '" + OneLine(endpoint.host) + "': " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  socket_ = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return Failed("open a socket for", endpoint);
  if (bind(socket_, found->ai_addr, found->ai_addrlen) != 0) return Failed("listen at", endpoint);
  local_ = IsLoopback(found->ai_addr);
  sockaddr_storage bound = {};
  socklen_t size = sizeof bound;
  if (getsockname(socket_, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return Failed("listen at", endpoint);
  sockaddr_in in;
  std::memcpy(&in, &bound, sizeof in);  // the port lies at the same place in both families' addresses
  port_ = ntohs(in.sin_port);
  return waker_.Open();
}

Result<std::unique_ptr<OscServer>> OscServer::Start(const OscEndpoint& endpoint, Controls* controls,
                                                    Scenes* scenes, Bindings* bindings) {
  std::unique_ptr<OscServer> server(new OscServer(controls, scenes, bindings));
  TEMPERA_RETURN_IF_ERROR(server->Bind(endpoint));
  try {
    server->thread_ = std::thread([s = server.get()] { s->Run(); });
  } catch (const std::system_error& e) {
    return OutOfMemory(std::string("cannot start a thread: ") + e.what());
  }
  return server;
}

OscServer::~OscServer() {
  if (thread_.joinable()) {
    waker_.Stop();
    thread_.join();
  }
  if (socket_ >= 0) close(socket_);
}

OscServer::Counts OscServer::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::string OscServer::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void OscServer::Run() {
  std::vector<uint8_t> buffer(kMostPacket);
  while (!waker_.stopped()) {
    pollfd files[] = {{socket_, POLLIN, 0}, {waker_.file(), POLLIN, 0}};
    poll(files, 2, -1);
    const int64_t begin_ns = NowNs();
    bool more = true;
    while (more && !waker_.stopped() && NowNs() - begin_ns < kBusyNs) more = ReadOne(&buffer);
    if (more) waker_.Sleep(kRestMs);
  }
}

bool OscServer::ReadOne(std::vector<uint8_t>* buffer) {
  sockaddr_storage from = {};
  socklen_t from_size = sizeof from;
  const ssize_t n = recvfrom(socket_, buffer->data(), buffer->size(), MSG_DONTWAIT | MSG_TRUNC,
                             reinterpret_cast<sockaddr*>(&from), &from_size);
  // Other errors are of answers that nobody took: the next read is as good as before.
  if (n < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
  Result<std::vector<OscMessage>> messages =
      static_cast<size_t>(n) > buffer->size()
          ? InvalidArgument("an OSC packet is too long")
          : ParseOsc(std::span<const uint8_t>(buffer->data(), static_cast<size_t>(n)));
  {
    std::lock_guard lock(mutex_);
    ++counts_.packets;
    if (!messages.ok()) {
      ++counts_.refused;
      trouble_ = messages.status().message();
      return true;
    }
    counts_.messages += static_cast<int64_t>(messages->size());
  }
  int64_t begin_ns = NowNs();
  for (const OscMessage& message : *messages) {
    Take(message, from, from_size);
    // A packet of hundreds of patterns: the rest of them waits its turn as well.
    if (waker_.stopped()) return false;
    if (NowNs() - begin_ns <= kBusyNs) continue;
    waker_.Sleep(kRestMs);
    begin_ns = NowNs();
  }
  return true;
}

std::vector<std::string> OscServer::Addresses() const {
  std::vector<std::string> all = bindings_->addresses();
  for (const char* word :
       {"style", "height", "fps", "mirror", "freeze", "microphone", "mask", "mask/of", "mask/outside",
        "mask/feather", "mask/threshold", "mask/hold", "mask/every", "scene", "store"})
    all.push_back(std::string("/tempera/") + word);
  for (const Parameter& p : controls_->Parameters()) {
    const std::string address = "/tempera/param/" + p.name;
    all.push_back(address);
    const auto& names = p.short_names.empty() ? p.element_names : p.short_names;
    for (size_t i = 0; p.defaults.size() > 1 && i < p.defaults.size(); ++i)
      all.push_back(address + "/" + (i < names.size() ? names[i] : std::to_string(i)));
  }
  return all;
}

void OscServer::Take(const OscMessage& message, const sockaddr_storage& from, unsigned from_size) {
  if (message.address == "/tempera/ping")
    return Answer(OscBytes({"/tempera/pong", {Text("tempera")}}), from, from_size);
  if (message.address == "/tempera/state") return Answer(State(), from, from_size);
  Status status;
  if (!IsOscPattern(message.address)) {
    status = Act(message.address, message.arguments);
  } else {
    bool any = false;
    for (const std::string& address : Addresses()) {
      if (!OscMatches(message.address, address)) continue;
      any = true;
      const Status one = Act(address, message.arguments);
      if (!one.ok()) status = one;
    }
    if (!any) status = NotFound("means nothing that there is");
  }
  if (status.ok()) return;
  std::lock_guard lock(mutex_);
  trouble_ = "OSC " + OneLine(message.address.substr(0, 80)) + ": " + status.message();
}

Status OscServer::Act(const std::string& address, const std::vector<OscArgument>& arguments) {
  static constexpr char kOurs[] = "/tempera/";
  if (!address.starts_with(kOurs)) {
    // A button may come without a number.
    const double value = arguments.empty() ? 1 : arguments[0].is_number() ? arguments[0].number : NAN;
    if (!std::isfinite(value)) return InvalidArgument("needs a number");
    bindings_->Handle({"osc:" + address, std::clamp(value, 0.0, 1.0)});  // bound to nothing: not for us
    return OkStatus();
  }
  const std::string rest = address.substr(sizeof kOurs - 1);
  if (rest.starts_with("param/")) return ActOnParameter(rest.substr(6), arguments);
  if (rest == "style") return ActOnStyle(arguments);
  if (rest == "mask") return SwitchMask(arguments);
  if (rest.starts_with("mask/")) return ActOnMask(rest.substr(5), arguments);
  if (rest == "scene" || rest == "store") {
    if (rest == "scene") return ActOnScene(arguments);
    TEMPERA_ASSIGN_OR_RETURN(const double number, NumberOf(arguments));
    return scenes_->Store(static_cast<int>(std::clamp(number, -1.0, 1e6)));
  }
  if (rest == "height" || rest == "fps") {
    TEMPERA_ASSIGN_OR_RETURN(const double number, NumberOf(arguments));
    constexpr double kMostHeight = 16384, kMostFps = 1000;
    if (rest == "height") controls_->SetHeight(static_cast<int>(std::clamp(number, 0.0, kMostHeight)));
    if (rest == "fps") controls_->SetFps(std::clamp(number, 0.0, kMostFps));
    return OkStatus();
  }
  if (rest == "mirror" || rest == "freeze") {
    if (rest == "mirror") controls_->SetMirror(IsOn(arguments));
    if (rest == "freeze") controls_->SetFreeze(IsOn(arguments));
    return OkStatus();
  }
  if (rest == "microphone") {
    controls_->SetMicrophone(IsOn(arguments));
    return OkStatus();
  }
  return NotFound(
      "there are param, style, mask, scene, store, height, fps, mirror, freeze, microphone, ping and state");
}

Status OscServer::ActOnParameter(const std::string& rest, const std::vector<OscArgument>& arguments) {
  std::vector<float> values;
  for (const OscArgument& a : arguments) {
    if (!a.is_number()) return InvalidArgument("takes numbers");
    values.push_back(static_cast<float>(a.number));
  }
  const size_t slash = rest.find('/');
  if (slash == std::string::npos)
    return values.empty() ? controls_->Unset(rest) : controls_->SetValues(rest, values);
  if (values.size() != 1) return InvalidArgument("takes one number");
  const std::string name = rest.substr(0, slash), element = rest.substr(slash + 1);
  if (element.empty()) return NotFound("names no element");
  const Status named = controls_->SetElement(name, element, -1, values[0]);
  int64_t index = 0;
  constexpr int64_t kMostIndex = 1 << 20;
  if (named.code() != StatusCode::kNotFound || !ParseNumber(element, &index) || index < 0 ||
      index > kMostIndex)
    return named;
  return controls_->SetElement(name, "", static_cast<int>(index), values[0]);
}

// A name that may be a file's, from this machine.
Status OscServer::CheckName(const std::string& name) const {
  if (OneLine(name) != name) return InvalidArgument("takes a name of one line");
  if (!local_ && (name.find('/') != std::string::npos || name.find(".onnx") != std::string::npos))
    return InvalidArgument("takes names of styles and masks from other machines, not files");
  return OkStatus();
}

Status OscServer::ActOnStyle(const std::vector<OscArgument>& arguments) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string name, TextOf(arguments, 0, "a style's name"));
  TEMPERA_RETURN_IF_ERROR(CheckName(name));
  controls_->SetStyle(name);
  return OkStatus();
}

// A switch, or what --mask takes.
Status OscServer::SwitchMask(const std::vector<OscArgument>& arguments) {
  if (arguments.empty() || arguments[0].type != 's') {
    return controls_->EditMask("mask", [&](MaskSettings* mask) {
      mask->on = IsOn(arguments);
      return OkStatus();
    });
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::string name, TextOf(arguments, 0, "a mask's name, or off"));
  TEMPERA_RETURN_IF_ERROR(CheckName(name));
  return controls_->EditMask("mask", [&](MaskSettings* mask) {
    mask->on = name != "off";
    if (!mask->on || name == mask->network) return OkStatus();
    mask->network = name;
    mask->input.clear();  // was said of the one before
    return OkStatus();
  });
}

Status OscServer::ActOnMask(const std::string& rest, const std::vector<OscArgument>& arguments) {
  if (rest == "feather" || rest == "threshold" || rest == "hold" || rest == "every") {
    TEMPERA_ASSIGN_OR_RETURN(const double number, NumberOf(arguments));
    return controls_->EditMask("mask." + rest, [&](MaskSettings* mask) {
      MaskNumbers& n = mask->numbers;
      const auto value = static_cast<float>(std::clamp(number, -1e6, 1e6));
      if (rest == "every")
        n.every = static_cast<int>(value);
      else
        (rest == "feather" ? n.feather : rest == "hold" ? n.hold : n.threshold) = value;
      return OkStatus();
    });
  }
  if (rest == "of" || rest == "outside") {
    TEMPERA_ASSIGN_OR_RETURN(
        const std::string word,
        TextOf(arguments, 0, rest == "of" ? "mask, background or a class" : "none, blur or a style's name"));
    TEMPERA_RETURN_IF_ERROR(CheckName(word));
    return controls_->EditMask("mask", [&](MaskSettings* mask) {
      SimpleMask simple = SimpleOf(mask->regions).value_or(SimpleMask());
      if (rest == "outside")
        simple.outside = word;
      else if (simple.background = word == kBackground; !simple.background)
        simple.of = word == "mask" ? simple.of : word;
      SetSimple(simple, mask);
      return OkStatus();
    });
  }
  if (rest == "input") {
    const std::string input = arguments.empty() || arguments[0].type != 's' ? "" : arguments[0].text;
    if (OneLine(input) != input) return InvalidArgument("takes a text of one line");
    return controls_->EditMask("mask", [&](MaskSettings* mask) {
      mask->input = input;
      return OkStatus();
    });
  }
  if (rest != "region")
    return NotFound("there are input, of, outside, region, feather, threshold, hold and every");
  TEMPERA_ASSIGN_OR_RETURN(std::string name, TextOf(arguments, 0, "a class, and what it shows"));
  if (name == "mask") name.clear();
  std::string shows;  // nothing: not a region any more
  if (arguments.size() > 1) {
    TEMPERA_ASSIGN_OR_RETURN(shows, TextOf(arguments, 1, "what the class shows"));
  }
  TEMPERA_RETURN_IF_ERROR(CheckName(shows));
  if (OneLine(name) != name) return InvalidArgument("takes a class of one line");
  return controls_->EditMask("mask", [&](MaskSettings* mask) { return SetRegion(name, shows, mask); });
}

Status OscServer::ActOnScene(const std::vector<OscArgument>& arguments) {
  const double seconds = arguments.size() > 1 && arguments[1].is_number() ? arguments[1].number : -1;
  if (!arguments.empty() && arguments[0].type == 's') {
    for (const auto& [number, scene] : scenes_->list()) {
      if (scene.name == arguments[0].text) return scenes_->Recall(number, seconds, NowNs());
    }
    return NotFound("there is no scene of that name");
  }
  TEMPERA_ASSIGN_OR_RETURN(const double number, NumberOf(arguments));
  return scenes_->Recall(static_cast<int>(std::clamp(number, -1.0, 1e6)), seconds, NowNs());
}

// As they are sent: who sends them back masks the same.
std::vector<OscMessage> OscServer::MaskState(const MaskSettings& mask) const {
  std::vector<OscMessage> messages = {{"/tempera/mask", {Text(mask.on ? mask.network : "off")}}};
  if (!mask.input.empty()) messages.push_back({"/tempera/mask/input", {Text(mask.input)}});
  if (const std::optional<SimpleMask> simple = SimpleOf(mask.regions); simple && !mask.listed) {
    const std::string of = simple->background ? kBackground : simple->of.empty() ? "mask" : simple->of;
    messages.push_back({"/tempera/mask/of", {Text(of)}});
    messages.push_back({"/tempera/mask/outside", {Text(simple->outside)}});
  } else {
    for (const MaskRegion& region : mask.regions)
      messages.push_back(
          {"/tempera/mask/region", {Text(region.name.empty() ? "mask" : region.name), Text(region.shows)}});
  }
  const MaskNumbers& n = mask.numbers;
  messages.push_back({"/tempera/mask/feather", {Float(n.feather)}});
  messages.push_back({"/tempera/mask/threshold", {Float(n.threshold)}});
  messages.push_back({"/tempera/mask/hold", {Float(n.hold)}});
  messages.push_back({"/tempera/mask/every", {Int(n.every)}});
  return messages;
}

std::vector<uint8_t> OscServer::State() const {
  const Settings now = controls_->Get();
  std::vector<OscMessage> messages = {{"/tempera/style", {Text(now.style)}},
                                      {"/tempera/height", {Int(now.height)}},
                                      {"/tempera/fps", {Float(now.fps)}},
                                      {"/tempera/mirror", {Int(now.mirror ? 1 : 0)}},
                                      {"/tempera/freeze", {Int(now.freeze ? 1 : 0)}},
                                      {"/tempera/microphone", {Int(controls_->microphone() ? 1 : 0)}},
                                      {"/tempera/scene", {Int(scenes_->current())}}};
  std::vector<uint8_t> packet = OscBundle(messages);
  std::vector<OscMessage> more = MaskState(now.mask);
  for (const Parameter& p : controls_->Parameters()) {
    OscMessage& message = more.emplace_back(OscMessage{"/tempera/param/" + p.name});
    for (const float value : controls_->ValuesOf(p.name)) message.arguments.push_back(Float(value));
  }
  for (OscMessage& message : more) {
    messages.push_back(std::move(message));
    std::vector<uint8_t> longer = OscBundle(messages);
    if (longer.size() > kMostAnswer) break;
    packet = std::move(longer);
  }
  return packet;
}

void OscServer::Answer(const std::vector<uint8_t>& packet, const sockaddr_storage& to, unsigned to_size) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t now_ns = NowNs();
  if (now_ns - answers_from_ns_ >= kSecond) answers_from_ns_ = now_ns, answers_ = 0;
  if (++answers_ > kAnswersASecond) return;
  sendto(socket_, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&to), to_size);
}

}  // namespace tempera::live
