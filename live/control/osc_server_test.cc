#include "live/control/osc_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cmath>
#include <ctime>

#include "live/control/control_for_test.h"
#include "live/source.h"

namespace tempera::live {
namespace {

class OscServerTest : public ControlTest {
 protected:
  void SetUp() override {
    ControlTest::SetUp();
    server_ = OscServer::Start({"127.0.0.1", 0}, &controls_, &scenes_, &bindings_).value();
    socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    const timeval wait = {5, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(server_->port()));
    ASSERT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  void TearDown() override {
    close(socket_);
    server_.reset();
    ControlTest::TearDown();
  }
  void Send(const std::vector<uint8_t>& packet) const {
    // Sent even where an answer of another time found nobody.
    if (send(socket_, packet.data(), packet.size(), 0) < 0)
      (void)send(socket_, packet.data(), packet.size(), 0);
  }
  // Of one message, after which all sent before is done.
  std::vector<OscMessage> Ask(const std::string& address) const {
    Send(OscBytes({address}));
    uint8_t buffer[65536];
    const ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
    if (n < 0) return {};
    return ParseOsc({buffer, static_cast<size_t>(n)}).value();
  }
  void SendAndWait(const OscMessage& message) const {
    Send(OscBytes(message));
    ASSERT_EQ(Ask("/tempera/ping").at(0).address, "/tempera/pong");
  }
  std::unique_ptr<OscServer> server_;
  int socket_ = -1;
};

TEST_F(OscServerTest, TurnsAllThatThereIs) {
  SendAndWait({"/tempera/param/strength", {{'f', 0.25}}});
  EXPECT_EQ(Value("strength"), 0.25f);
  SendAndWait({"/tempera/param/contrast", {{'i', 7}}});
  EXPECT_EQ(Value("contrast"), 2) << "within its range";
  SendAndWait({"/tempera/param/contrast"});
  EXPECT_EQ(Value("contrast"), 1) << "back to the default";
  SendAndWait({"/tempera/param/style_weights", {{'d', 0.5}, {'h', 1}}});
  EXPECT_EQ(controls_.ValuesOf("style_weights"), (std::vector<float>{0.5f, 1}));
  SendAndWait({"/tempera/param/style_weights/b", {{'f', 0.75}}});
  EXPECT_EQ(Value("style_weights", 1), 0.75f);
  SendAndWait({"/tempera/param/style_weights/0", {{'f', 0.125}}});
  EXPECT_EQ(Value("style_weights", 0), 0.125f);
  SendAndWait({"/tempera/height", {{'i', 480}}});
  SendAndWait({"/tempera/fps", {{'f', 12.5}}});
  SendAndWait({"/tempera/mirror", {{'T', 1}}});
  EXPECT_TRUE(controls_.microphone());
  SendAndWait({"/tempera/microphone", {{'i', 0}}});
  EXPECT_FALSE(controls_.microphone());
  SendAndWait({"/tempera/freeze"});
  SendAndWait({"/tempera/style", {{'s', 0, "b"}}});
  const Settings now = controls_.Get();
  EXPECT_EQ(now.height, 480);
  EXPECT_EQ(now.fps, 12.5);
  EXPECT_TRUE(now.mirror && now.freeze);
  EXPECT_EQ(now.style, "b");
  SendAndWait({"/tempera/freeze", {{'F', 0}}});
  EXPECT_FALSE(controls_.Get().freeze);
  EXPECT_EQ(server_->trouble(), "");
}

TEST_F(OscServerTest, PatternsBundlesAndScenes) {
  SendAndWait({"/tempera/param/style_weights/*", {{'f', 0.5}}});
  EXPECT_EQ(controls_.ValuesOf("style_weights"), (std::vector<float>{0.5f, 0.5f}));
  SendAndWait({"/tempera/param/{strength,contrast}", {{'f', 0.625}}});
  EXPECT_EQ(Value("strength"), 0.625f);
  EXPECT_EQ(Value("contrast"), 0.625f);
  SendAndWait({"/tempera/store", {{'i', 4}}});
  Send(OscBundle({{"/tempera/param/strength", {{'f', 0}}}, {"/tempera/param/contrast", {{'f', 2}}}}));
  SendAndWait({"/tempera/scene", {{'i', 4}, {'f', 0}}});
  EXPECT_EQ(Value("strength"), 0.625f);
  EXPECT_EQ(Value("contrast"), 0.625f);
  SendAndWait({"/tempera/scene", {{'i', 9}}});
  EXPECT_NE(server_->trouble().find("no scene 9"), std::string::npos);
}

TEST_F(OscServerTest, AnyAddressCanBeBound) {
  ASSERT_TRUE(
      bindings_
          .Load(Write("b.json",
                      R"({"bindings": [{"from": "osc:/fader/1", "to": "contrast", "low": 1, "high": 2}]})"))
          .ok());
  SendAndWait({"/fader/1", {{'f', 0.5}}});
  EXPECT_EQ(Value("contrast"), 1.5f);
  SendAndWait({"/fader/*", {{'f', 1}}});
  EXPECT_EQ(Value("contrast"), 2);
  ASSERT_TRUE(bindings_.Learn("strength").ok());
  SendAndWait({"/xy/pad", {{'f', 0.25}}});
  EXPECT_EQ(Value("strength"), 0.25f);
  EXPECT_EQ(bindings_.learning(), "");
}

TEST_F(OscServerTest, AnswersWhatHolds) {
  SendAndWait({"/tempera/param/strength", {{'f', 0.5}}});
  const std::vector<OscMessage> state = Ask("/tempera/state");
  ASSERT_GT(state.size(), 4u);
  EXPECT_EQ(state[0].address, "/tempera/style");
  EXPECT_EQ(state[0].arguments.at(0).text, "a");
  bool found = false;
  for (const OscMessage& m : state)
    found = found || (m.address == "/tempera/param/strength" && m.arguments.at(0).number == 0.5);
  EXPECT_TRUE(found);
}

TEST_F(OscServerTest, WrongMessagesChangeNothing) {
  const Settings before = controls_.Get();
  for (const OscMessage& message : std::vector<OscMessage>{{"/tempera/param/strength", {{'f', NAN}}},
                                                           {"/tempera/param/strength", {{'f', 1}, {'f', 1}}},
                                                           {"/tempera/param/strength", {{'s', 0, "1"}}},
                                                           {"/tempera/param/nothing", {{'f', 1}}},
                                                           {"/tempera/param/", {{'f', 1}}},
                                                           {"/tempera/param/style_weights/", {{'f', 1}}},
                                                           {"/tempera/param/style_weights/7", {{'f', 1}}},
                                                           {"/tempera/param/style_weights/-1", {{'f', 1}}},
                                                           {"/tempera/style", {{'i', 1}}},
                                                           {"/tempera/style", {{'s', 0, "a\nb"}}},
                                                           {"/tempera/height", {{'f', INFINITY}}},
                                                           {"/tempera/scene", {{'i', 1}}},
                                                           {"/tempera/store", {{'d', 1e30}}},
                                                           {"/tempera/unheard/of"}}) {
    SendAndWait(message);
    EXPECT_EQ(controls_.Get(), before) << message.address;
    EXPECT_NE(server_->trouble(), "") << message.address;
  }
  SendAndWait({"/elsewhere", {{'f', 1}}});
  EXPECT_EQ(bindings_.last_controller(), "osc:/elsewhere");
  Send({1, 2, 3});
  Send({});
  (void)Ask("/tempera/ping");
  EXPECT_EQ(server_->counts().refused, 2);
}

// The processor time of this process, in seconds.
double Busy() { return static_cast<double>(clock()) / CLOCKS_PER_SEC; }

TEST_F(OscServerTest, AStormStarvesNobody) {
  std::atomic<bool> over{false};
  std::atomic<int64_t> changes{0};
  controls_.SetListener([&](const std::string&) { ++changes; });
  const std::vector<uint8_t> packet =
      OscBundle(std::vector<OscMessage>(100, {"/{tempera,x}/p*/s*", {{'f', 0.5}}}));
  // Twice what the server is to spend, so that its own share can be told from the sender's: half a second of
  // that.
  double sending = 0;
  std::thread storm([&] {
    while (!over) Send(packet);
    timespec spent = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    sending = static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
  });
  const double busy = Busy();
  const int64_t begin_ns = NowNs();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  over = true;
  storm.join();
  const double seconds = static_cast<double>(NowNs() - begin_ns) * 1e-9;
  EXPECT_LT(Busy() - busy - sending, 0.6 * seconds) << "of a core";
  EXPECT_GT(changes, 10);
  controls_.SetListener(nullptr);
  // It still follows, within the second that what waits takes.
  EXPECT_TRUE(Becomes([&] {
    Send(OscBytes({"/tempera/param/contrast", {{'f', 1.25}}}));
    return Value("contrast") == 1.25f;
  }));
}

TEST_F(OscServerTest, StopsInAStorm) {
  std::atomic<bool> over{false};
  std::thread storm([&] {
    while (!over) Send(OscBytes({"/tempera/*/s*", {{'f', 0.5}}}));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const int64_t begin_ns = NowNs();
  server_.reset();
  EXPECT_LT(NowNs() - begin_ns, 1'000'000'000);
  over = true;
  storm.join();
}

TEST_F(OscServerTest, APortThatIsTakenIsSaid) {
  const auto second = OscServer::Start({"127.0.0.1", server_->port()}, &controls_, &scenes_, &bindings_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find("give --osc another port"), std::string::npos);
  EXPECT_FALSE(OscServer::Start({"no such host.invalid", 1}, &controls_, &scenes_, &bindings_).ok());
}

TEST(OscEndpoint, IsThisMachineUnlessTold) {
  EXPECT_EQ(ParseOscEndpoint("9000")->host, "127.0.0.1");
  EXPECT_EQ(ParseOscEndpoint("9000")->port, 9000);
  EXPECT_EQ(ParseOscEndpoint(":9000")->host, "0.0.0.0");
  EXPECT_EQ(ParseOscEndpoint("[::1]:7")->host, "::1");
  EXPECT_EQ(ParseOscEndpoint("studio:65535")->host, "studio");
  for (const char* bad : {"", "x", "1.2.3.4", "a:b", "a:65536", "a:-1", "a:"})
    EXPECT_FALSE(ParseOscEndpoint(bad).ok()) << bad;
}

TEST_F(OscServerTest, FromOtherMachinesNoFileIsNamed) {
  // Bound to all addresses: whoever sends may be anybody.
  auto open = OscServer::Start({"0.0.0.0", 0}, &controls_, &scenes_, &bindings_).value();
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(open->port()));
  ASSERT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  SendAndWait({"/tempera/style", {{'s', 0, "/etc/passwd"}}});
  SendAndWait({"/tempera/style", {{'s', 0, "x.onnx:b"}}});
  EXPECT_EQ(controls_.Get().style, "a");
  SendAndWait({"/tempera/mask", {{'s', 0, "/etc/passwd"}}});
  SendAndWait({"/tempera/mask/outside", {{'s', 0, "x.onnx"}}});
  SendAndWait({"/tempera/mask/region", {{'s', 0, "person"}, {'s', 0, "./x"}}});
  EXPECT_EQ(controls_.Get().mask, MaskSettings());
  SendAndWait({"/tempera/style", {{'s', 0, "b"}}});
  EXPECT_EQ(controls_.Get().style, "b");
}

TEST_F(OscServerTest, TurnsTheMask) {
  const auto mask = [&] { return controls_.Get().mask; };
  SendAndWait({"/tempera/mask"});
  EXPECT_TRUE(mask().on);
  SendAndWait({"/tempera/mask", {{'i', 0}}});
  EXPECT_FALSE(mask().on);
  SendAndWait({"/tempera/mask", {{'s', 0, "rooms.onnx:sofa"}}});
  EXPECT_TRUE(mask().on);
  EXPECT_EQ(mask().network, "rooms.onnx:sofa");
  SendAndWait({"/tempera/mask/input", {{'s', 0, "nhwc,bgr"}}});
  SendAndWait({"/tempera/mask/outside", {{'s', 0, "blur:3"}}});
  SendAndWait({"/tempera/mask/of", {{'s', 0, "background"}}});
  EXPECT_EQ(SimpleOf(mask().regions), (SimpleMask{"", true, "blur:3"}));
  SendAndWait({"/tempera/mask/of", {{'s', 0, "tv"}}});
  EXPECT_EQ(SimpleOf(mask().regions), (SimpleMask{"tv", false, "blur:3"}));
  SendAndWait({"/tempera/mask/feather", {{'f', 2.5}}});
  SendAndWait({"/tempera/mask/threshold", {{'f', 7}}});
  SendAndWait({"/tempera/mask/hold", {{'f', 0.25}}});
  SendAndWait({"/tempera/mask/every", {{'i', 2}}});
  EXPECT_EQ(mask().numbers, (MaskNumbers{2.5f, 0.99f, 0.25f, 2}));
  // What state says, sent back to where nothing is masked, masks the same; in both forms.
  for (int i = 0; i < 2; ++i) {
    const MaskSettings before = mask();
    const std::vector<OscMessage> state = Ask("/tempera/state");
    (void)controls_.EditMask("mask", [](MaskSettings* m) { return *m = MaskSettings(), OkStatus(); });
    for (const OscMessage& message : state) {
      if (message.address.starts_with("/tempera/mask")) SendAndWait(message);
    }
    EXPECT_EQ(mask(), before);
    SendAndWait({"/tempera/mask/region", {{'s', 0, "mask"}, {'s', 0, "painted"}}});
    SendAndWait({"/tempera/mask/region", {{'s', 0, "background"}, {'s', 0, "b"}}});
  }
  EXPECT_EQ(mask().regions, (std::vector<MaskRegion>{{"", "painted"}, {"background", "b"}}));
  const MaskSettings before = mask();
  SendAndWait({"/tempera/mask/outside"});
  SendAndWait({"/tempera/mask/outside", {{'i', 3}}});
  SendAndWait({"/tempera/mask/feather", {{'s', 0, "x"}}});
  SendAndWait({"/tempera/mask/feather", {{'f', NAN}}});
  SendAndWait({"/tempera/mask/region"});
  SendAndWait({"/tempera/mask/nothing", {{'f', 1}}});
  EXPECT_EQ(mask(), before);
  EXPECT_NE(server_->trouble().find("/tempera/mask/nothing"), std::string::npos);
}

}  // namespace
}  // namespace tempera::live
