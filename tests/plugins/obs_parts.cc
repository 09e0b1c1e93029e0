// What of the OBS filter needs no OBS that runs: frames of every format, the painter, the delay of sound.
//   tempera_obs_parts TINY_MODEL OTHER_MODEL MASK
#include <obs.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "plugins/obs/frames.h"
#include "plugins/obs/painter.h"
#include "plugins/obs/sound_delay.h"

namespace {

using namespace tempera::plugins::obs;
using tempera::Error;
using tempera::plugins::Composition;
using tempera::plugins::Files;

int failures = 0, checks = 0;

void Expect(bool holds, const std::string& what) {
  ++checks;
  if (holds) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

struct FrameDelete {
  void operator()(obs_source_frame* frame) const { obs_source_frame_destroy(frame); }
};
using Frame = std::unique_ptr<obs_source_frame, FrameDelete>;

// Where a format's pixels lie: rows of so many bytes, so many of them, in each plane.
struct Rows {
  int plane;
  uint32_t bytes, rows;
};
std::vector<Rows> RowsOf(video_format format, uint32_t w, uint32_t h) {
  const uint32_t hw = (w + 1) / 2, hh = (h + 1) / 2;
  switch (format) {
    case VIDEO_FORMAT_I420:
      return {{0, w, h}, {1, hw, hh}, {2, hw, hh}};
    case VIDEO_FORMAT_I40A:
      return {{0, w, h}, {1, hw, hh}, {2, hw, hh}, {3, w, h}};
    case VIDEO_FORMAT_NV12:
      return {{0, w, h}, {1, 2 * hw, hh}};
    case VIDEO_FORMAT_I010:
      return {{0, 2 * w, h}, {1, 2 * hw, hh}, {2, 2 * hw, hh}};
    case VIDEO_FORMAT_P010:
      return {{0, 2 * w, h}, {1, 4 * hw, hh}};
    case VIDEO_FORMAT_YVYU:
    case VIDEO_FORMAT_YUY2:
    case VIDEO_FORMAT_UYVY:
      return {{0, 2 * w, h}};
    case VIDEO_FORMAT_I422:
      return {{0, w, h}, {1, hw, h}, {2, hw, h}};
    case VIDEO_FORMAT_I42A:
      return {{0, w, h}, {1, hw, h}, {2, hw, h}, {3, w, h}};
    case VIDEO_FORMAT_I444:
      return {{0, w, h}, {1, w, h}, {2, w, h}};
    case VIDEO_FORMAT_YUVA:
      return {{0, w, h}, {1, w, h}, {2, w, h}, {3, w, h}};
    case VIDEO_FORMAT_I210:
      return {{0, 2 * w, h}, {1, 2 * hw, h}, {2, 2 * hw, h}};
    case VIDEO_FORMAT_I412:
      return {{0, 2 * w, h}, {1, 2 * w, h}, {2, 2 * w, h}};
    case VIDEO_FORMAT_YA2L:
      return {{0, 2 * w, h}, {1, 2 * w, h}, {2, 2 * w, h}, {3, 2 * w, h}};
    case VIDEO_FORMAT_Y800:
      return {{0, w, h}};
    case VIDEO_FORMAT_BGR3:
      return {{0, 3 * w, h}};
    default:
      return {{0, 4 * w, h}};
  }
}

// Grey or nearly so, a ramp with edges; chroma alike in every two rows, as 4:2:0 can keep it.
Frame Filled(video_format format, uint32_t width, uint32_t height) {
  Frame frame(obs_source_frame_create(format, width, height));
  video_format_get_parameters(VIDEO_CS_709, VIDEO_RANGE_PARTIAL, frame->color_matrix, frame->color_range_min,
                              frame->color_range_max);
  const bool wide = format == VIDEO_FORMAT_I010 || format == VIDEO_FORMAT_I210 ||
                    format == VIDEO_FORMAT_I412 || format == VIDEO_FORMAT_YA2L;
  for (const Rows& rows : RowsOf(format, width, height)) {
    for (uint32_t y = 0; y < rows.rows; ++y) {
      uint8_t* row = frame->data[rows.plane] + size_t{frame->linesize[rows.plane]} * y;
      for (uint32_t x = 0; x < rows.bytes; ++x)
        row[x] = static_cast<uint8_t>(wide && x % 2 == 1 ? 1 : 60 + (x / 8 * 37 + y / 4 * 11) % 120);
    }
  }
  return frame;
}

std::vector<uint8_t> BytesOf(const obs_source_frame& frame) {
  std::vector<uint8_t> bytes;
  for (const Rows& rows : RowsOf(frame.format, frame.width, frame.height))
    for (uint32_t y = 0; y < rows.rows; ++y) {
      const uint8_t* row = frame.data[rows.plane] + size_t{frame.linesize[rows.plane]} * y;
      bytes.insert(bytes.end(), row, row + rows.bytes);
    }
  return bytes;
}

// Strength 0 leaves what 4:2:0 can keep; strength 1 paints something else, upside down as well; no byte
// between rows or behind the frame is touched (sanitizers and valgrind would say so).
void TryFormat(Composition& composition, video_format format, uint32_t width, uint32_t height) {
  const std::string name =
      "format " + std::to_string(format) + " at " + std::to_string(width) + "x" + std::to_string(height);
  Frame frame = Filled(format, width, height);
  const std::vector<uint8_t> before = BytesOf(*frame);
  Expect(ShapeOf(*frame).has_value(), name + " is known");
  Repacked repacked;
  (void)composition.style().SetStrength(0);
  Error error = PaintFrame(composition, *frame, repacked);
  Expect(!error, name + ": " + error.message);
  const std::vector<uint8_t> after = BytesOf(*frame);
  double sum = 0;
  for (size_t i = 0; i < before.size(); ++i) sum += std::abs(before[i] - after[i]);
  // Packed and full chroma are averaged over two rows or pixels, which differ at the ramp's edges alone; the
  // last bits of twelve are lost.
  Expect(sum / static_cast<double>(before.size()) < 12,
         name + " is another at strength 0: " + std::to_string(sum / static_cast<double>(before.size())));
  (void)composition.style().SetStrength(1);
  for (const bool flip : {false, true}) {
    frame = Filled(format, width, height);
    frame->flip = flip;
    error = PaintFrame(composition, *frame, repacked);
    Expect(!error && BytesOf(*frame) != before, name + " is painted: " + error.message);
  }
  frame->trc = VIDEO_TRC_PQ;
  error = PaintFrame(composition, *frame, repacked);
  Expect(error.code != TEMPERA_OK || format == VIDEO_FORMAT_NONE, name + " with PQ is refused");
}

// Half of what a mask makes of a frame is the source, half the painting.
void TryMask(const std::string& model, const std::string& mask, video_format format) {
  const std::string name = "format " + std::to_string(format) + " with a mask";
  const Frame source = Filled(format, 64, 48);
  std::vector<std::vector<uint8_t>> paintings;
  for (const std::string& of : {std::string(), mask}) {
    Files files;
    files.style = model, files.mask = of;
    auto opened = Composition::Open(files);
    Error error = opened ? opened->SetMask({}) : opened.error();
    if (!error) error = opened->SetMaskNumbers({});
    const Frame frame = Filled(format, 64, 48);
    Repacked repacked;
    if (!error) error = PaintFrame(*opened, *frame, repacked);
    Expect(!error, name + ": " + error.message);
    paintings.push_back(BytesOf(*frame));
  }
  const std::vector<uint8_t> before = BytesOf(*source);
  size_t kept = 0, painted = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const bool changes = paintings[0][i] != before[i];
    kept += changes && paintings[1][i] == before[i];
    painted += changes && paintings[1][i] == paintings[0][i];
  }
  Expect(kept > before.size() / 16 && painted > before.size() / 16,
         name + " keeps " + std::to_string(kept) + " and paints " + std::to_string(painted) + " bytes");
}

struct CountedWork : FrameWork {
  explicit CountedWork(std::atomic<int>& count) : count(count) {}
  Error Paint(Composition&, uint64_t) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++count;
    return {};
  }
  std::atomic<int>& count;
};

template <typename Ask>
bool Soon(Ask ask) {
  for (int i = 0; i < 500; ++i) {
    if (ask()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

void TryPainter(const std::string& model, const std::string& other, const std::string& mask) {
  const FrameShape shape{64, 48, TEMPERA_RGBA};
  std::atomic<int> painted = 0, complaints = 0;
  std::vector<std::unique_ptr<FrameWork>> back;
  {
    Painter painter([&](Painter::Severity severity, const std::string&) {
      complaints += severity == Painter::Severity::kWarning;
    });
    const auto ready = [&] {
      Painter::Visit visit(painter);
      return visit && visit.Ready(shape);
    };
    Look look;
    look.style = model;
    painter.SetLook(look);
    Expect(Soon(ready), "the painter is ready");
    for (int i = 0; i < 5; ++i) {
      Painter::Visit visit(painter);
      if (auto late = visit.Submit(std::make_unique<CountedWork>(painted))) back.push_back(std::move(late));
    }
    Expect(back.size() >= 3, "the newest frame wins");
    for (auto& work : painter.Drain()) back.push_back(std::move(work));
    Expect(back.size() == 5, "every frame comes back: " + std::to_string(back.size()));
    look.style = "/nowhere/none.onnx";
    painter.SetLook(look);
    Expect(Soon([&] { return complaints == 1 && !ready(); }), "a model that is missing is told once");
    look.style = other;
    painter.SetLook(look);
    Expect(Soon(ready), "another model is taken");
    look.mask.mask = "/nowhere/mask.onnx";
    painter.SetLook(look);
    Expect(Soon([&] { return complaints == 2 && !ready(); }), "a mask that is missing is told once");
    look.mask.mask = mask + ":cat";
    painter.SetLook(look);
    Expect(Soon([&] { return complaints == 3 && !ready(); }), "a class that is missing is told once");
    look.mask.mask = mask;
    painter.SetLook(look);
    Expect(Soon(ready), "a mask is taken");
    for (int i = 0; i < 200; ++i) {
      look.style = i % 3 == 0 ? model : other;
      look.short_side = i % 5 * 16;
      look.mask = {i % 7 == 0 ? mask : "", i % 2 == 0 ? "background" : "", i % 4 == 0 ? model : "blur"};
      look.mask_numbers = {NAN, 0.1 * i, -1, 1e9};
      look.values = {{"strength", 0, 0.01f * static_cast<float>(i)}, {"none", 7, 1}, {"contrast", 0, NAN}};
      painter.SetLook(look);
      Painter::Visit visit(painter);
      if (visit && visit.Ready(shape)) (void)visit.Submit(std::make_unique<CountedWork>(painted));
    }
  }  // it ends whatever it is doing
  Expect(complaints == 3, "nothing else was amiss");
}

void TrySound() {
  constexpr uint32_t kRate = 48000;
  SoundDelay delay;
  delay.SetLateness(0.0501);
  std::vector<float> left(480), right(480);
  float* planes[] = {left.data(), nullptr, right.data()};
  size_t heard = 0;
  for (size_t block = 0; block < 300; ++block) {
    for (size_t i = 0; i < 480; ++i) left[i] = right[i] = static_cast<float>(block * 480 + i);
    delay.Process(planes, 3, 480, kRate);
    if (block >= 150)
      heard += left[100] == static_cast<float>(block * 480 + 100) - 2404 && right[7] == left[7];
  }
  Expect(heard == 150, "sound is 50.1 ms late: " + std::to_string(heard));
  delay.SetLateness(0);
  for (size_t block = 0; block < 150; ++block) {
    for (size_t i = 0; i < 480; ++i) left[i] = static_cast<float>(i);
    delay.Process(planes, 3, 480, kRate);
  }
  Expect(left[100] == 100, "sound is not late where nothing is painted");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  Files files;
  files.style = argv[1];
  auto opened = Composition::Open(files);
  if (!opened) return std::printf("%s\n", opened.error().message.c_str()), 1;
  for (int format = VIDEO_FORMAT_I420; format <= VIDEO_FORMAT_YA2L; ++format)
    for (const auto& [width, height] : {std::pair{64u, 48u}, {65u, 49u}, {1u, 1u}})
      TryFormat(*opened, static_cast<video_format>(format), width, height);
  for (const video_format format :
       {VIDEO_FORMAT_I420, VIDEO_FORMAT_RGBA, VIDEO_FORMAT_YUY2, VIDEO_FORMAT_BGR3})
    TryMask(argv[1], argv[3], format);
  TryPainter(argv[1], argv[2], argv[3]);
  TrySound();
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
