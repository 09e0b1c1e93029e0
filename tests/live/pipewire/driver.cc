// The two ends of a PipeWire camera, each a process of its own, for pipewire.sh.
//   produce NAME WxH FPS [nv12]   a sink that shows numbered pictures until it is killed
//   read WHICH FRAMES SECONDS [losses]   reads and proves that many pictures; `losses` times it may be lost,
//   and opens again check FILE WxH FORMAT LEAST          proves a file of raw pictures that another program
//   has read list
// Every pixel of a numbered picture follows from its number, which stands in its first pixels.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "live/pipewire/midi.h"
#include "live/pipewire/pipewire.h"
#include "live/pipewire/raw_video.h"

namespace {

using namespace tempera;        // NOLINT: a test
using namespace tempera::live;  // NOLINT: a test

std::atomic<bool> ended = false;

int Fail(const std::string& message) {
  std::fprintf(stderr, "pipewire_driver: %s\n", message.c_str());
  return 1;
}

uint8_t Luma(int64_t number, int x, int y) {
  // 32 bits of the number, a block of four by two pixels for each byte, so that chroma shared by pixels stays
  // theirs.
  if (y < 2 && x < 16) return static_cast<uint8_t>(number >> (8 * (x / 4)));
  return static_cast<uint8_t>((x * 7 + y * 13 + number * 31) ^ (x * y >> 3));
}
uint8_t Chroma(int64_t number, int plane, int x, int y) {
  return static_cast<uint8_t>((x * (plane ? 5 : 11) + y * 3 + number * (plane ? 17 : 29)) ^ (x & y));
}

void Draw(int64_t number, media::Frame* frame) {
  const bool nv12 = frame->format == media::PixelFormat::kNv12;
  for (int y = 0; y < frame->height; ++y)
    for (int x = 0; x < frame->width; ++x)
      frame->planes[0][frame->stride_bytes[0] * y + x] = Luma(number, x, y);
  for (int y = 0; y < (frame->height + 1) / 2; ++y) {
    for (int x = 0; x < (frame->width + 1) / 2; ++x) {
      for (int plane = 0; plane < 2; ++plane) {
        uint8_t* row = frame->planes[nv12 ? 1 : 1 + plane] + frame->stride_bytes[nv12 ? 1 : 1 + plane] * y;
        row[nv12 ? 2 * x + plane : x] = Chroma(number, plane, x, y);
      }
    }
  }
}

int64_t NumberOf(const media::Frame& frame) {
  int64_t number = 0;
  for (int i = 3; i >= 0; --i) number = number << 8 | frame.planes[0][4 * i];
  return number;
}

// "" or what is wrong with the picture.
std::string Prove(const media::Frame& frame) {
  const int64_t number = NumberOf(frame);
  auto wanted = media::Frame::Allocate(frame.format, frame.width, frame.height);
  if (!wanted.ok()) return wanted.status().message();
  Draw(number, &*wanted);
  const bool nv12 = frame.format == media::PixelFormat::kNv12;
  for (int plane = 0; plane < (nv12 ? 2 : 3); ++plane) {
    const int rows = plane ? (frame.height + 1) / 2 : frame.height;
    const int bytes = plane ? (frame.width + 1) / 2 * (nv12 ? 2 : 1) : frame.width;
    for (int y = 0; y < rows; ++y) {
      const uint8_t* got = frame.planes[plane] + frame.stride_bytes[plane] * y;
      const uint8_t* should = wanted->planes[plane] + wanted->stride_bytes[plane] * y;
      if (std::memcmp(got, should, static_cast<size_t>(bytes)))
        return "picture " + std::to_string(number) + " differs in plane " + std::to_string(plane) + ", row " +
               std::to_string(y);
    }
  }
  return "";
}

void Size(const char* text, int* width, int* height) {
  if (std::sscanf(text, "%dx%d", width, height) != 2) std::exit(Fail(std::string("no size: ") + text));
}

// As the session drives a paced sink: evenly, and opened again a second after an error.
int Produce(int argc, char** argv) {
  if (argc < 5) return Fail("produce NAME WxH FPS [nv12]");
  PipewireSinkOptions options;
  options.name = argv[2];
  int width = 0, height = 0;
  Size(argv[3], &width, &height);
  options.fps = std::atof(argv[4]);
  bool nv12 = false;
  for (int i = 5; i < argc; ++i) nv12 |= !std::strcmp(argv[i], "nv12");
  auto sink = MakePipewireSink(options);
  if (!sink.ok()) return Fail(sink.status().message());
  PaintedFrame painted;
  auto next = std::chrono::steady_clock::now();
  bool open = false;
  for (int64_t number = 0; !ended; ++number) {
    auto frame =
        media::Frame::Allocate(nv12 ? media::PixelFormat::kNv12 : media::PixelFormat::kI420, width, height);
    if (!frame.ok()) return Fail(frame.status().message());
    Draw(number, &*frame);
    painted.frame = *frame;
    painted.number = number;
    const Status status = open ? (*sink)->Show(painted) : (*sink)->Open(painted);
    if (!status.ok()) {
      std::fprintf(stderr, "pipewire_driver: produce: %s\n", status.message().c_str());
      (void)(*sink)->Close();
      open = false;
      for (int i = 0; i < 10 && !ended; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      next = std::chrono::steady_clock::now();
      continue;
    }
    if (!open) {
      std::printf("open\n");
      std::fflush(stdout);
    }
    open = true;
    next += std::chrono::nanoseconds(static_cast<int64_t>(1e9 / options.fps));
    std::this_thread::sleep_until(next);
  }
  const Status status = (*sink)->Close();
  return status.ok() ? 0 : Fail(status.message());
}

struct Proven {
  int64_t frames = 0, first = -1, last = -1, skipped = 0, repeated = 0, cuts = 0, losses = 0;
  double oldest_ms = 0;
};

int Read(int argc, char** argv) {
  if (argc < 5) return Fail("read WHICH FRAMES SECONDS [losses]");
  PipewireSourceOptions options;
  options.which = argv[2];
  options.ask_for_screen = options.which == "screen";
  const int64_t wanted = std::atoll(argv[3]), losses = argc > 5 ? std::atoll(argv[5]) : 0;
  const int64_t end_ns = NowNs() + static_cast<int64_t>(std::atof(argv[4]) * 1e9);
  auto source = MakePipewireSource(options);
  if (!source.ok()) return Fail(source.status().message());
  Proven proven;
  bool open = false;
  int64_t last_number = -1;
  while (proven.frames < wanted || proven.losses < losses) {
    if (NowNs() > end_ns)
      return Fail("read: time is over after " + std::to_string(proven.frames) + " pictures");
    if (!open) {
      const Status status = (*source)->Open();
      open = status.ok();
      if (!open && proven.losses == 0) return Fail("read: " + status.message());
      if (!open) {
        std::printf("not yet: %s\n", status.message().c_str());
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        continue;
      }
      std::printf("reads %s: %s\n", (*source)->info().name.c_str(), (*source)->info().format.c_str());
      std::fflush(stdout);
    }
    SourceFrame frame;
    const auto got = (*source)->Read(&frame);
    if (!got.ok()) {
      std::printf("%s\n", got.status().message().c_str());
      std::fflush(stdout);
      if (++proven.losses > losses) return Fail("read: lost more often than it should");
      (*source)->Close();
      open = false;
      proven.frames = 0;
      proven.last = -1;
      continue;
    }
    if (*got != Source::Got::kFrame) continue;
    const std::string wrong = Prove(frame.frame);
    if (!wrong.empty()) return Fail("read: " + wrong);
    if (frame.number <= last_number) return Fail("read: numbers of frames do not grow");
    last_number = frame.number;
    proven.cuts += frame.cut;
    const int64_t number = NumberOf(frame.frame);
    if (proven.first < 0) proven.first = number;
    if (proven.last >= 0 && number < proven.last)
      return Fail("read: an older picture came after a newer one");
    if (proven.last >= 0) {
      proven.skipped += std::max<int64_t>(number - proven.last - 1, 0);
      proven.repeated += number == proven.last;
    }
    proven.last = number;
    ++proven.frames;
    proven.oldest_ms = std::max(proven.oldest_ms, (NowNs() - frame.captured_ns) / 1e6);
  }
  std::printf(
      "proved %lld pictures to the byte, %lld to %lld, %lld skipped, %lld repeated, %lld cuts, %lld losses, "
      "oldest %.1f ms\n",
      static_cast<long long>(proven.frames), static_cast<long long>(proven.first),
      static_cast<long long>(proven.last), static_cast<long long>(proven.skipped),
      static_cast<long long>(proven.repeated), static_cast<long long>(proven.cuts),
      static_cast<long long>(proven.losses), proven.oldest_ms);
  return 0;
}

int Check(int argc, char** argv) {
  if (argc < 6) return Fail("check FILE WxH FORMAT LEAST");
  RawPicture picture;
  Size(argv[3], &picture.width, &picture.height);
  picture.format = !std::strcmp(argv[4], "NV12")   ? RawFormat::kNv12
                   : !std::strcmp(argv[4], "YUY2") ? RawFormat::kYuy2
                                                   : RawFormat::kI420;
  std::ifstream in(argv[2], std::ios::binary);
  std::vector<uint8_t> bytes(RawBytes(picture.format, picture.width, picture.height));
  picture.block_count = 1;
  picture.blocks[0] = {bytes.data(), bytes.size(), RawStride(picture.format, picture.width)};
  int64_t frames = 0;
  while (in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    const auto frame = FrameFromRaw(picture, {0, 0, picture.width, picture.height});
    if (!frame.ok()) return Fail("check: " + frame.status().message());
    const std::string wrong = Prove(*frame);
    if (!wrong.empty()) return Fail("check: " + wrong);
    ++frames;
  }
  if (in.gcount() != 0) return Fail("check: the file ends within a picture");
  if (frames < std::atoll(argv[5])) return Fail("check: only " + std::to_string(frames) + " pictures");
  std::printf("proved %lld pictures to the byte\n", static_cast<long long>(frames));
  return 0;
}

// Rows end at multiples of 4, planes have even numbers of rows: what GStreamer calls that format.
int DrawFile(int argc, char** argv) {
  if (argc < 6) return Fail("draw FILE WxH FORMAT FRAMES");
  int width = 0, height = 0;
  Size(argv[3], &width, &height);
  const bool nv12 = !std::strcmp(argv[4], "NV12");
  const size_t stride = (static_cast<size_t>(width) + 3) / 4 * 4,
               rows = (static_cast<size_t>(height) + 1) / 2 * 2;
  const size_t half = nv12 ? stride : ((static_cast<size_t>(width) + 1) / 2 + 3) / 4 * 4;
  std::ofstream out(argv[2], std::ios::binary);
  for (int64_t number = 0; number < std::atoll(argv[5]); ++number) {
    auto frame =
        media::Frame::Allocate(nv12 ? media::PixelFormat::kNv12 : media::PixelFormat::kI420, width, height);
    if (!frame.ok()) return Fail(frame.status().message());
    Draw(number, &*frame);
    for (int plane = 0; plane < (nv12 ? 2 : 3); ++plane) {
      const size_t bytes = plane ? half : stride;
      for (size_t y = 0; y < (plane ? rows / 2 : rows); ++y) {
        const int from = std::min(static_cast<int>(y), plane ? (height + 1) / 2 - 1 : height - 1);
        std::vector<char> row(bytes);
        const size_t pixels =
            plane ? (static_cast<size_t>(width) + 1) / 2 * (nv12 ? 2 : 1) : static_cast<size_t>(width);
        std::memcpy(row.data(), frame->planes[plane] + frame->stride_bytes[plane] * from, pixels);
        out.write(row.data(), static_cast<std::streamsize>(bytes));
      }
    }
  }
  return out.flush() ? 0 : Fail("draw: the file cannot be written");
}

int List() {
  const auto cameras = ListPipewireCameras();
  if (!cameras.ok()) return Fail(cameras.status().message());
  for (const PipewireCamera& camera : *cameras) {
    std::printf("%s%s %u %s '%s'%s\n", camera.is_default ? "* " : "", camera.serial.c_str(), camera.id,
                camera.name.c_str(), camera.description.c_str(), camera.screen ? " screen" : "");
  }
  return 0;
}

// midi: a port, and a controller that comes through it to half of its way.
int Midi() {
  Controls controls(Settings{});
  Parameter strength;
  strength.name = "strength";
  strength.defaults = {1};
  controls.SetParameters({strength});
  Scenes scenes(&controls);
  Bindings bindings(&controls, &scenes);
  if (const Status status = bindings.Learn("strength"); !status.ok()) return Fail(status.message());
  const auto midi = PipewireMidi::Start(&bindings);
  if (!midi.ok()) return Fail(midi.status().message());
  std::printf("open\n");
  std::fflush(stdout);
  for (int i = 0; i < 1500 && !ended; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (controls.ValuesOf("strength").at(0) != 64.0f / 127) continue;
    std::printf("proved: %s turned strength\n", bindings.last_controller().c_str());
    return bindings.last_controller() == "midi:cc:1:21" ? 0 : 1;
  }
  return Fail("nothing turned it");
}

}  // namespace

int main(int argc, char** argv) {
  for (const int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { ended = true; });
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "produce") return Produce(argc, argv);
  if (verb == "read") return Read(argc, argv);
  if (verb == "check") return Check(argc, argv);
  if (verb == "draw") return DrawFile(argc, argv);
  if (verb == "list") return List();
  if (verb == "midi") return Midi();
  return Fail("produce, read, check, draw, list or midi");
}
