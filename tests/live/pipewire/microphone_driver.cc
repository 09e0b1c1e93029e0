// A microphone of PipeWire's and who records it, each a process of its own, for microphone.sh.
//   play NAME                      an Audio/Source node that ticks at whole seconds of the steady clock;
//   SIGUSR1:
//                                  it gives nothing, until the next
//   record FILE WHICH SECONDS      pictures that flash at the same seconds, with that microphone
//   sync FILE LEAST MS             proves that so many ticks lie beside flashes, and none elsewhere
//   ticks FILE LEAST MS            proves that so many ticks are a second apart
#include <spa/param/audio/format-utils.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numbers>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "live/films/film_sinks.h"
#include "live/pipewire/client/library.h"
#include "live/pipewire/microphone.h"
#include "media/reader.h"

namespace {

using namespace tempera;        // NOLINT: a test
using namespace tempera::live;  // NOLINT: a test

constexpr int64_t kSecond = 1'000'000'000;
std::atomic<bool> ended = false;

int Fail(const std::string& message) {
  std::fprintf(stderr, "microphone_driver: %s\n", message.c_str());
  return 1;
}

// Ten milliseconds of a tone at each whole second.
float Tick(int64_t ns) {
  const double part = static_cast<double>(ns % kSecond) * 1e-9;
  return part < 0.01 ? static_cast<float>(0.8 * std::cos(2 * std::numbers::pi * 2000 * part)) : 0;
}

struct Player {
  const PipewireLibrary* pw = nullptr;
  pw_stream* stream = nullptr;
};

// What a device hands on at the beginning of a cycle was heard up to then.
void OnProcess(void* data) {
  auto* player = static_cast<Player*>(data);
  pw_buffer* buffer = player->pw->stream_dequeue_buffer(player->stream);
  if (!buffer) return;
  pw_time time = {};
  player->pw->stream_get_time_n(player->stream, &time, sizeof time);
  const spa_data& d = buffer->buffer->datas[0];
  const uint32_t most = d.maxsize / sizeof(float);
  const auto frames = static_cast<uint32_t>(buffer->requested ? std::min<uint64_t>(buffer->requested, most)
                                                              : std::min(1024U, most));
  const int64_t now = time.now > 0 ? time.now : NowNs();
  auto* samples = static_cast<float*>(d.data);
  for (uint32_t i = 0; i < frames; ++i)
    samples[i] = Tick(now - (static_cast<int64_t>(frames) - i) * kSecond / kSoundRate);
  d.chunk->offset = 0;
  d.chunk->stride = sizeof(float);
  d.chunk->size = frames * sizeof(float);
  player->pw->stream_queue_buffer(player->stream, buffer);
}

int Play(const std::string& name) {
  const auto library = Pipewire();
  if (!library.ok()) return Fail(library.status().message());
  Player player;
  player.pw = *library;
  const PipewireLibrary& pw = *player.pw;
  pw_thread_loop* loop = pw.thread_loop_new("player", nullptr);
  pw_context* context = pw.context_new(pw.thread_loop_get_loop(loop), nullptr, 0);
  if (!context || pw.thread_loop_start(loop) < 0) return Fail("no loop");
  pw.thread_loop_lock(loop);
  pw_core* core = pw.context_connect(context, nullptr, 0);
  if (!core) return Fail("PipeWire cannot be reached");
  // A device that is one drives itself. Of PipeWire's own drivers the dummy is nearest to that; without any
  // the first camera that somebody reads would drive it, at its own rate.
  const spa_dict_item items[] = {{PW_KEY_MEDIA_CLASS, "Audio/Source"},
                                 {PW_KEY_NODE_GROUP, "pipewire.dummy"},
                                 {PW_KEY_NODE_NAME, name.c_str()},
                                 {PW_KEY_NODE_DESCRIPTION, "Ticking microphone"}};
  const spa_dict dict = {0, SPA_N_ELEMENTS(items), items};
  player.stream = pw.stream_new(core, name.c_str(), pw.properties_new_dict(&dict));
  pw_stream_events events = {};
  events.version = PW_VERSION_STREAM_EVENTS;
  events.process = OnProcess;
  spa_hook hook = {};
  pw.stream_add_listener(player.stream, &hook, &events, &player);
  spa_audio_info_raw info = {};
  info.format = SPA_AUDIO_FORMAT_F32;
  info.rate = kSoundRate;
  info.channels = 1;
  info.position[0] = SPA_AUDIO_CHANNEL_MONO;
  uint8_t memory[1024];
  spa_pod_builder builder = {};
  spa_pod_builder_init(&builder, memory, sizeof memory);
  const spa_pod* params[] = {spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info)};
  const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS);
  if (pw.stream_connect(player.stream, PW_DIRECTION_OUTPUT, PW_ID_ANY, flags, params, 1) < 0)
    return Fail("the node cannot be made");
  pw.thread_loop_unlock(loop);
  std::printf("open\n");
  std::fflush(stdout);
  while (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  pw.thread_loop_lock(loop);
  pw.stream_destroy(player.stream);
  pw.thread_loop_unlock(loop);
  return 0;
}

int Record(const std::string& file, const std::string& which, double seconds) {
  auto device = MakePipewireMicrophone(which);
  if (!device.ok()) return Fail(device.status().message());
  auto microphone = Microphone::Start(std::move(device).value());
  if (!microphone.ok()) return Fail(microphone.status().message());
  std::printf("hears %s\n", (*microphone)->name().c_str());
  RecordingOptions options;
  options.path = file;
  options.sound = (*microphone)->sound();
  const auto sink = MakeRecordingSink(options);
  std::string said;
  int64_t second = NowNs() / kSecond;
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t number = 0; number < static_cast<int64_t>(seconds * 30) && !ended; ++number) {
    std::this_thread::sleep_until(begin + std::chrono::nanoseconds(number * kSecond / 30));
    PaintedFrame painted;
    auto frame = media::Frame::Allocate(media::PixelFormat::kI420, 64, 48);
    if (!frame.ok()) return Fail(frame.status().message());
    painted.frame = *frame;
    // The frame in whose time a second began is stamped with that moment's own time, as a camera would that
    // had it then.
    const int64_t now = NowNs();
    const bool flash = std::exchange(second, now / kSecond) != now / kSecond;
    painted.source.captured_ns = flash ? now - now % kSecond : now;
    std::memset(painted.frame.planes[0], flash ? 235 : 16,
                static_cast<size_t>(painted.frame.stride_bytes[0]) * 48);
    for (int plane = 1; plane < 3; ++plane)
      std::memset(painted.frame.planes[plane], 128,
                  static_cast<size_t>(painted.frame.stride_bytes[plane]) * 24);
    painted.number = number;
    painted.painted_ns = NowNs();
    painted.fps = 30;
    Status status = number == 0 ? sink->Open(painted) : OkStatus();
    if (status.ok()) status = sink->Show(painted);
    if (!status.ok()) return Fail(status.message());
    const std::string trouble = (*microphone)->trouble();
    if (trouble == said) continue;
    said = trouble;
    std::printf("%s\n", trouble.empty() ? "it is back" : trouble.c_str());
    std::fflush(stdout);
  }
  const Status status = sink->Close();
  return status.ok() ? 0 : Fail(status.message());
}

std::vector<double> Ticks(const std::string& file) {
  std::vector<double> ticks;
  const std::string command =
      "ffmpeg -nostdin -v error -i '" + file +
      "' -vn -af aresample=async=1:min_hard_comp=0.002:first_pts=0 -ac 1 -ar 48000 -f f32le -";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return ticks;
  int64_t n = 0, loud = -kSoundRate;
  for (float value = 0; std::fread(&value, sizeof value, 1, pipe) == 1; ++n) {
    if (std::fabs(value) < 0.2F) continue;
    if (n - loud > kSoundRate / 4) ticks.push_back(static_cast<double>(n) / kSoundRate);
    loud = n;
  }
  pclose(pipe);
  return ticks;
}

int Sync(const std::string& file, size_t least, double most_ms) {
  auto reader = media::VideoReader::Open(file, {});
  if (!reader.ok()) return Fail(reader.status().message());
  std::vector<double> flashes;
  for (bool before = false;;) {
    const auto frame = (*reader)->Read();
    if (!frame.ok()) return Fail(frame.status().message());
    if (!*frame) break;
    const bool bright = (*frame)->planes[0][0] > 128;
    if (bright && !before) flashes.push_back(static_cast<double>((*frame)->pts_us) * 1e-6);
    before = bright;
  }
  const std::vector<double> ticks = Ticks(file);
  double earliest = 0, latest = 0;
  for (const double tick : ticks) {
    double off = 9;
    for (const double flash : flashes) off = std::fabs(tick - flash) < std::fabs(off) ? tick - flash : off;
    std::printf("tick at %.3f s: %.1f ms\n", tick, off * 1e3);
    // The first second may have a tick without its flash, or half of one.
    if (tick > 0.1) earliest = std::min(earliest, off * 1e3), latest = std::max(latest, off * 1e3);
  }
  std::printf("proved %zu ticks of %zu flashes, %.1f to %.1f ms behind them\n", ticks.size(), flashes.size(),
              earliest, latest);
  if (ticks.size() < least || earliest < -most_ms || latest > most_ms)
    return Fail("sync: that is not in sync");
  return 0;
}

// A film without flashes: ticks alone, each a second after the one before.
int CheckTicks(const std::string& file, size_t least, double most_ms) {
  const std::vector<double> ticks = Ticks(file);
  double worst = 0;
  for (size_t i = 1; i < ticks.size(); ++i) {
    const double apart = ticks[i] - ticks[i - 1];
    worst = std::max(worst, std::fabs(apart - std::max(1.0, std::round(apart))) * 1e3);
    std::printf("tick at %.4f s\n", ticks[i]);
    if (apart > 1.5) return Fail("ticks: one is missing");
  }
  std::printf("proved %zu ticks, at most %.1f ms from a second apart\n", ticks.size(), worst);
  return ticks.size() >= least && worst <= most_ms ? 0 : Fail("ticks: they do not follow each other evenly");
}

}  // namespace

int main(int argc, char** argv) {
  for (const int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { ended = true; });
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "play" && argc == 3) return Play(argv[2]);
  if (verb == "record" && argc == 5) return Record(argv[2], argv[3], std::atof(argv[4]));
  if (verb == "sync" && argc == 5)
    return Sync(argv[2], static_cast<size_t>(std::atoll(argv[3])), std::atof(argv[4]));
  if (verb == "ticks" && argc == 5)
    return CheckTicks(argv[2], static_cast<size_t>(std::atoll(argv[3])), std::atof(argv[4]));
  return Fail("play NAME, record FILE WHICH SECONDS, sync FILE LEAST MS, ticks FILE LEAST MS");
}
