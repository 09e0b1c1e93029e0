// The window of `tempera live` with a session that only pretends: tests/live/window/window.sh presses its
// controls and reads here what that did.
//   tempera_window_driver SAMPLE.jpg STYLES_FOLDER LAYOUT_FILE [--size WxH] [--scale S] [--gpu | --software]
//                         [--frame WxH] [--fps F] [--nv12] [--still] [--compare] [--seconds S]
// Standard input: "state frozen|lost|opening|running MESSAGE", "trouble MESSAGE", "quit". Standard output:
// one line for everything that was asked of the session's owner, and for every change of the controls.
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "live/window/window.h"
#include "media/image.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

std::mutex print_mutex;
void Print(const std::string& line) {
  std::lock_guard lock(print_mutex);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

struct Setup {
  std::string sample, styles, layout;
  int width = 640, height = 360;
  double fps = 30, seconds = 0;
  bool nv12 = false, still = false;
  WindowOptions window;
};

// RGB as limited BT.601, like a camera's; `shift` pans over the picture.
media::Frame FrameOf(const media::RgbImage& image, int width, int height, int shift, bool nv12) {
  auto made =
      media::Frame::Allocate(nv12 ? media::PixelFormat::kNv12 : media::PixelFormat::kI420, width, height);
  if (!made.ok()) std::abort();
  media::Frame frame = *made;
  frame.matrix = media::ColorMatrix::kBt601;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const uint8_t* p = image.pixels.data() + 3 * (size_t(y) * image.width + (x + shift) % image.width);
      frame.planes[0][y * frame.stride_bytes[0] + x] =
          static_cast<uint8_t>(16 + (66 * p[0] + 129 * p[1] + 25 * p[2]) / 256);
      if (x % 2 != 0 || y % 2 != 0) continue;
      const auto u = static_cast<uint8_t>(128 + (-38 * p[0] - 74 * p[1] + 112 * p[2]) / 256);
      const auto v = static_cast<uint8_t>(128 + (112 * p[0] - 94 * p[1] - 18 * p[2]) / 256);
      uint8_t* chroma = frame.planes[1] + y / 2 * frame.stride_bytes[1] + (nv12 ? x / 2 * 2 : x / 2);
      *chroma = u;
      *(nv12 ? chroma + 1 : frame.planes[2] + y / 2 * frame.stride_bytes[2] + x / 2) = v;
    }
  }
  return frame;
}

// Few colours, and darker: unlike the source, so that one sees which is which.
media::RgbImage Poster(const media::RgbImage& image) {
  media::RgbImage out = image;
  for (size_t i = 0; i < out.pixels.size(); ++i) {
    const int add = i % 3 == 0 ? 40 : i % 3 == 2 ? -10 : 0;
    out.pixels[i] = static_cast<uint8_t>(std::min(255, std::max(0, out.pixels[i] / 48 * 48 + add)));
  }
  return out;
}

class FakeSession : public Session {
 public:
  FakeSession(const Setup& setup, const media::RgbImage& image, Controls* controls)
      : controls_(controls), still_(setup.still) {
    const media::RgbImage poster = Poster(image);
    for (int i = 0; i < kPictures; ++i) {
      sources_[i] = FrameOf(image, setup.width, setup.height, 4 * i, setup.nv12);
      paintings_[i] = FrameOf(poster, setup.width, setup.height, 4 * i, setup.nv12);
    }
    statistics_.source_fps = setup.fps;
    statistics_.working_width = setup.width;
    statistics_.working_height = setup.height;
    statistics_.source_state = Statistics::SourceState::kRunning;
    statistics_.sinks.push_back({1, "v4l2:/dev/video9", "", 2214, 3, true});
    statistics_.sinks.push_back(
        {2, "rtmp://example.org/live/a-long-name-of-a-stream", "the server does not answer", 0, 0, false});
    thread_ = std::thread([this, fps = setup.fps] { Paint(fps); });
  }
  ~FakeSession() override { (void)Stop(); }

  int AddSink(std::unique_ptr<Sink>) override { return 1; }
  Status RemoveSink(int) override { return OkStatus(); }

  Painted WaitForPainting(int64_t after, std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, timeout, [&] { return !running_ || (newest_ && newest_->number > after); });
    return running_ && newest_ && newest_->number > after ? newest_ : nullptr;
  }
  void Shown(const PaintedFrame& painted) override {
    std::lock_guard lock(mutex_);
    ++shown_;
    latency_sum_ms_ += double(NowNs() - painted.painted_ns) / 1e6;
  }
  std::vector<std::string> TakeNotes() override { return {}; }
  Statistics statistics() const override {
    std::lock_guard lock(mutex_);
    Statistics s = statistics_;
    s.painted_fps = s.shown_fps = s.source_fps;
    s.paint_ms = 12.4;
    s.latency_ms_p50 = shown_ > 0 ? latency_sum_ms_ / double(shown_) + 12.4 : 0;
    s.latency_ms_p95 = 1.2 * s.latency_ms_p50;
    s.captured = s.painted = newest_ ? newest_->number + 1 : 0;
    s.cpu_share = 0.43;
    return s;
  }
  bool running() const override { return running_; }
  Status status() const override { return OkStatus(); }
  Status Stop() override {
    {
      std::lock_guard lock(mutex_);
      running_ = false;
    }
    wakes_.notify_all();
    if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
    return OkStatus();
  }

  void SetState(const std::string& state, const std::string& message) {
    using State = Statistics::SourceState;
    std::lock_guard lock(mutex_);
    statistics_.source_state = state == "lost"      ? State::kLost
                               : state == "frozen"  ? State::kFrozen
                               : state == "opening" ? State::kOpening
                                                    : State::kRunning;
    statistics_.source_message = message;
  }
  void SetTrouble(const std::string& message) {
    std::lock_guard lock(mutex_);
    statistics_.painter_message = message;
  }
  int64_t shown() const {
    std::lock_guard lock(mutex_);
    return shown_;
  }
  double latency_ms() const {
    std::lock_guard lock(mutex_);
    return shown_ > 0 ? latency_sum_ms_ / double(shown_) : 0;
  }
  int64_t painted() const {
    std::lock_guard lock(mutex_);
    return newest_ ? newest_->number + 1 : 0;
  }

 private:
  static constexpr int kPictures = 16;

  void Paint(double fps) {
    auto due = std::chrono::steady_clock::now();
    int at = 0;
    for (int64_t number = 0; running_; ++number) {
      due += std::chrono::microseconds(static_cast<int64_t>(1e6 / fps));
      std::this_thread::sleep_until(due);
      const bool stands =
          still_ || controls_->Get().freeze || statistics().source_state != Statistics::SourceState::kRunning;
      if (!stands) at = (at + 1) % kPictures;
      auto painted = std::make_shared<PaintedFrame>();
      painted->frame = paintings_[at];
      painted->source.frame = sources_[at];
      painted->number = number;
      painted->painted_ns = NowNs();
      painted->source.captured_ns = painted->painted_ns - 12'400'000;
      {
        std::lock_guard lock(mutex_);
        newest_ = std::move(painted);
      }
      wakes_.notify_all();
    }
  }

  Controls* const controls_;
  const bool still_;
  media::Frame sources_[kPictures], paintings_[kPictures];
  mutable std::mutex mutex_;
  std::condition_variable wakes_;
  Painted newest_;
  Statistics statistics_;
  int64_t shown_ = 0;
  double latency_sum_ms_ = 0;
  std::atomic<bool> running_{true};
  std::thread thread_;
};

const char* const kStyles[][3] = {
    {"starry-night", "The Starry Night", "Vincent van Gogh"},
    {"great-wave", "The Great Wave off Kanagawa", "Katsushika Hokusai"},
    {"the-scream", "The Scream", "Edvard Munch"},
    {"metzinger", "Portrait de Jean Metzinger (étude à l’huile)", "Robert Delaunay"},
    {"composition-vii", "Композиция VII", "Василий Кандинский"},
    {"udnie", "Udnie", "Francis Picabia"},
    {"water-lilies", "Les Nymphéas", "Claude Monet"},
    {"tree-of-life", "Der Lebensbaum", "Gustav Klimt"},
    {"rose-window", "Rose de Notre-Dame", "Verriers inconnus"},
    {"pen-drawing", "Pen drawing", "Rembrandt van Rijn"},
    {"shipwreck", "The Shipwreck of the Minotaur", "J. M. W. Turner"},
    {"the-revolt", "La Rivolta", "Luigi Russolo"},
    {"own", "A style without a picture", ""},
};

std::vector<Parameter> ParametersOf() {
  std::vector<Parameter> list;
  list.push_back({"strength",
                  "How far the painting replaces the source.",
                  "",
                  TEMPERA_PARAMETER_NUMBER,
                  0,
                  1,
                  {1},
                  {},
                  {}});
  list.push_back({"stroke_size", "Width of the brush.", "px", TEMPERA_PARAMETER_NUMBER, 4, 64, {16}, {}, {}});
  list.push_back(
      {"passes", "How often it is painted over.", "", TEMPERA_PARAMETER_INTEGER, 1, 8, {2}, {}, {}});
  list.push_back({"keep_colors",
                  "The source's colours with the painting's strokes.",
                  "",
                  TEMPERA_PARAMETER_SWITCH,
                  0,
                  1,
                  {0},
                  {},
                  {}});
  Parameter blend{"style_weights", "Shares of the styles.", "", TEMPERA_PARAMETER_WEIGHTS, 0, 1, {}, {}, {}};
  for (const auto& s : kStyles) {
    blend.defaults.push_back(blend.defaults.empty() ? 1.0f : 0.0f);
    blend.short_names.push_back(s[0]);
    blend.element_names.push_back(s[1]);
  }
  list.push_back(blend);
  return list;
}

WindowModel ModelOf(const Setup& setup) {
  WindowModel model;
  model.source = "Integrated Camera";
  for (const auto& s : kStyles) {
    WindowStyle style{s[0], s[1], s[2], {}};
    std::ifstream file(setup.styles + "/" + s[0] + ".jpg", std::ios::binary);
    style.picture.assign(std::istreambuf_iterator<char>(file), {});
    model.styles.push_back(std::move(style));
  }
  return model;
}

void AddActions(WindowModel* model) {
  static std::atomic<bool> recording{false};
  static std::atomic<int> stored{0b1010};  // scenes 1 and 3
  WindowActions& a = model->actions;
  a.snapshot = [](const Painted& painted) -> Result<std::string> {
    Print("snapshot " + std::to_string(painted->frame.width));
    return std::string("Kept as tempera-2026-11-30.png");
  };
  a.record = [](bool on) -> Result<std::string> {
    recording = on;
    Print(on ? "record on" : "record off");
    return std::string(on ? "Recording" : "Recorded: live.mp4");
  };
  a.recording = [] { return recording.load(); };
  a.scenes = [] {
    std::vector<WindowScene> scenes;
    for (int n = 1; n <= 9; ++n) {
      if (stored & (1 << n)) scenes.push_back({n, "Évening " + std::to_string(n)});
    }
    return scenes;
  };
  a.recall = [](int n) -> Status {
    Print("recall " + std::to_string(n));
    return stored & (1 << n) ? OkStatus() : NotFound("scene " + std::to_string(n) + " is empty");
  };
  a.store = [](int n) -> Status {
    stored |= 1 << n;
    Print("store " + std::to_string(n));
    return OkStatus();
  };
  a.learn = [](const Touched& t) { Print("learn " + t.name + " " + std::to_string(t.element)); };
  a.stop_learning = [] { Print("learn off"); };
  a.binding = [](const std::string& name, int) { return name == "strength" ? "CC 7" : std::string(); };
}

void PrintChange(const Controls& controls, const std::string& name) {
  const Settings s = controls.Get();
  std::ostringstream line;
  if (name == "style") line << "style " << s.style;
  if (name == "height") line << "height " << s.height;
  if (name == "fps") line << "fps " << s.fps;
  if (name == "mirror") line << "mirror " << s.mirror;
  if (name == "freeze") line << "freeze " << s.freeze;
  if (name.starts_with("mask")) {
    const MaskNumbers& n = s.mask.numbers;
    line << name << " " << s.mask.on;
    for (const MaskRegion& r : s.mask.regions)
      line << " " << (r.name.empty() ? "mask" : r.name) << "=" << r.shows;
    line << " " << std::round(10 * n.feather) / 10 << " " << std::round(100 * n.threshold) / 100;
  }
  if (line.str().empty()) {
    line << "value " << name;
    for (const float v : controls.ValuesOf(name)) line << " " << std::round(1000 * v) / 1000;
  }
  Print(line.str());
}

void WriteLayout(const std::string& path, const std::vector<DrawnItem>& items) {
  std::ofstream file(path + ".part");
  for (const DrawnItem& i : items)
    file << i.name << " " << i.x << " " << i.y << " " << i.width << " " << i.height << "\n";
  file.close();
  std::rename((path + ".part").c_str(), path.c_str());
}

void Listen(FakeSession* session, Window* window) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb, state, message;
    words >> verb;
    if (verb == "state") words >> state;
    std::getline(words >> std::ws, message);
    if (verb == "state") session->SetState(state, message);
    if (verb == "trouble") session->SetTrouble(message);
    if (verb == "quit") window->Close();
  }
}

bool TwoNumbers(const char* text, int* a, int* b) { return std::sscanf(text, "%dx%d", a, b) == 2; }

bool Parse(int argc, char** argv, Setup* s) {
  if (argc < 4) return false;
  s->sample = argv[1];
  s->styles = argv[2];
  s->layout = argv[3];
  for (int i = 4; i < argc; ++i) {
    const std::string word = argv[i];
    const char* next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--software") s->window.renderer = WindowOptions::Renderer::kSoftware;
    if (word == "--gpu") s->window.renderer = WindowOptions::Renderer::kGpu;
    if (word == "--nv12") s->nv12 = true;
    if (word == "--still") s->still = true;
    if (word == "--compare") s->window.compare = true;
    if (word == "--scale") s->window.ui_scale = std::atof(next);
    if (word == "--seconds") s->seconds = std::atof(next);
    if (word == "--fps") s->fps = std::atof(next);
    if (word == "--font") s->window.font = next;
    if (word == "--size" && !TwoNumbers(next, &s->window.width, &s->window.height)) return false;
    if (word == "--frame" && !TwoNumbers(next, &s->width, &s->height)) return false;
  }
  return true;
}

int Run(const Setup& setup) {
  auto image = media::ReadImage(setup.sample);
  if (image.ok()) image = media::ResizeImage(*image, setup.width, setup.height);
  if (!image.ok()) {
    std::fprintf(stderr, "%s\n", image.status().message().c_str());
    return 1;
  }
  Settings settings;
  settings.style = "great-wave";
  Controls controls(settings);
  controls.SetParameters(ParametersOf());
  controls.SetMaskClasses({"background", "person", "sofa", "dog"});
  controls.SetListener([&](const std::string& name) { PrintChange(controls, name); });
  WindowModel model = ModelOf(setup);
  AddActions(&model);
  WindowOptions options = setup.window;
  options.drawn = [&](const std::vector<DrawnItem>& items) { WriteLayout(setup.layout, items); };
  auto window = Window::Open(options);
  if (!window.ok()) {
    std::fprintf(stderr, "%s\n", window.status().message().c_str());
    return 1;
  }
  Print("renderer " + (*window)->renderer());
  FakeSession session(setup, *image, &controls);
  std::thread([&session, shown = window->get()] { Listen(&session, shown); }).detach();
  std::thread clock;
  if (setup.seconds > 0)
    clock = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(setup.seconds));
      (*window)->Close();
    });
  timespec before{}, after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  const int64_t started = NowNs();
  const Status status = (*window)->Run(&session, &controls, model);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double busy = double(after.tv_sec - before.tv_sec) + 1e-9 * double(after.tv_nsec - before.tv_nsec);
  const double wall = 1e-9 * double(NowNs() - started);
  if (clock.joinable()) clock.join();
  char line[200];
  std::snprintf(line, sizeof line,
                "ended: shown %lld of %lld, %.2f ms each after painting, %.1f %% of a core",
                static_cast<long long>(session.shown()), static_cast<long long>(session.painted()),
                session.latency_ms(), 100 * busy / wall);
  Print(line);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  std::fflush(stdout);
  std::_Exit(status.ok() ? 0 : 1);  // the listener waits for standard input
}

}  // namespace
}  // namespace tempera::live

int main(int argc, char** argv) {
  tempera::live::Setup setup;
  if (!tempera::live::Window::Built()) {
    std::fprintf(stderr, "skipped: %s\n", tempera::live::Window::Open({}).status().message().c_str());
    return 77;
  }
  if (!tempera::live::Parse(argc, argv, &setup)) {
    std::fprintf(stderr, "tempera_window_driver SAMPLE.jpg STYLES_FOLDER LAYOUT_FILE [options]\n");
    return 2;
  }
  return tempera::live::Run(setup);
}
