#include "live/window/window.h"

#include <SDL.h>
#include <imgui.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "live/window/alarm.h"
#include "live/window/canvas.h"
#include "live/window/input.h"
#include "live/window/shell.h"
#include "live/window/theme.h"
#include "live/window/waiter.h"
#include "live/window/x11.h"

namespace tempera::live {
namespace {

// How often the figures are read while nobody touches anything.
constexpr int64_t kRefreshNs = 400'000'000;
// After something happened, ImGui needs a frame or two more to settle what it opened and laid out.
constexpr int kSettles = 3;
constexpr int64_t kPointerHidesNs = 2'500'000'000;

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != 0;
}

Status NoDisplay() {
  return IoError(
      "no window can be opened: there is no display; say --no-window, or set DISPLAY or WAYLAND_DISPLAY to "
      "one");
}

class SdlWindow : public Window {
 public:
  explicit SdlWindow(const WindowOptions& options) : options_(options), user_scale_(options.ui_scale) {}
  ~SdlWindow() override;

  Status Start();
  Status Run(Session* session, Controls* controls, const WindowModel& model) override;
  void Close() override {
    closes_ = true;
    alarm_.Ring();
  }
  std::string renderer() const override { return canvas_->name(); }

 private:
  void Stir() {  // from any thread: the controls are to be drawn
    stirred_ = true;
    alarm_.Ring();
  }
  float ScaleByDisplay() const;
  Status LoadFonts(float scale, const WindowModel& model);
  bool Handle(const SDL_Event& event, Shell* shell);
  Status TakeEvents(Shell* shell, const WindowModel& model, int timeout_ms);
  void Layout(Shell* shell);
  Status Loop(Session* session, Waiter* waiter, Shell* shell, const WindowModel& model);
  void FollowFullScreen(Shell* shell);

  const WindowOptions options_;
  SDL_Window* window_ = nullptr;
  std::unique_ptr<Canvas> canvas_;
  ImGuiContext* imgui_ = nullptr;
  std::unique_ptr<Input> input_;
  SDL_Texture* font_texture_ = nullptr;
  theme::Fonts fonts_;
  Alarm alarm_;
  std::atomic<bool> closes_{false}, stirred_{false};
  SDL_Rect picture_{};  // where it was drawn last

  double user_scale_;  // of texts; 0: by the display
  float scale_ = 0;    // what fonts are loaded for
  bool rescale_ = true;
  int settles_ = kSettles;  // frames of the controls that are still due
  bool full_screen_ = false, panel_before_ = true;
  int64_t frame_ns_ = 0, moved_ns_ = 0;
};

SdlWindow::~SdlWindow() {
  if (DisplayIsLost()) {
    // SDL would talk to it.
    (void)canvas_.release();
    (void)input_.release();
    return;
  }
  input_.reset();
  if (imgui_ != nullptr) {
    ImGui::GetIO().Fonts->TexID = nullptr;
    ImGui::DestroyContext(imgui_);
  }
  canvas_.reset();
  if (window_ != nullptr) SDL_DestroyWindow(window_);
  SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

Status SdlWindow::Start() {
  // Ctrl-C is the command's.
  SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
  SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
  SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
#ifdef __linux__
  // Before SDL asks: Wayland's library would print a line of its own.
  if (!IsSet("DISPLAY") && !IsSet("WAYLAND_DISPLAY") && !IsSet("SDL_VIDEODRIVER")) return NoDisplay();
#endif
  if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
    return IoError(std::string("no window can be opened: ") + SDL_GetError() +
                   "; say --no-window, or set DISPLAY or WAYLAND_DISPLAY to one that is there");
  // Drivers that show nothing to anybody are for those who name them.
  const std::string driver = SDL_GetCurrentVideoDriver();
  if (!IsSet("SDL_VIDEODRIVER") &&
      (driver == "offscreen" || driver == "dummy" || driver == "evdev" || driver == "DUMMY"))
    return NoDisplay();
  SDL_Rect room{};
  int width = std::clamp(options_.width, 320, 16384), height = std::clamp(options_.height, 240, 16384);
  if (SDL_GetDisplayUsableBounds(0, &room) == 0 && room.w > 0 && room.h > 0) {
    width = std::min(width, room.w);
    height = std::min(height, room.h);
  }
  const Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
  window_ = SDL_CreateWindow(options_.title.c_str(), SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width,
                             height, flags);
  if (window_ == nullptr) return IoError(std::string("no window can be opened: ") + SDL_GetError());
  TEMPERA_RETURN_IF_ERROR(alarm_.Start(SurviveDisplayLoss(window_)));
  SDL_SetWindowMinimumSize(window_, 480, 320);
  TEMPERA_ASSIGN_OR_RETURN(canvas_, Canvas::Make(window_, options_.renderer));
  IMGUI_CHECKVERSION();
  imgui_ = ImGui::CreateContext();
  input_ = std::make_unique<Input>();
  return OkStatus();
}

// What the display says of itself where that is believable; else by its height, so that a 4K one has texts as
// large as one of 1080 lines.
float SdlWindow::ScaleByDisplay() const {
  const int display = std::max(0, SDL_GetWindowDisplayIndex(window_));
  float dpi = 0;
  SDL_DisplayMode mode{};
  double scale = 1;
  int canvas_width = 0, canvas_height = 0, width = 1;
  canvas_->Size(&canvas_width, &canvas_height);
  SDL_GetWindowSize(window_, &width, nullptr);
  // Displays that count in points, not pixels.
  const double points = width > 0 ? double(canvas_width) / width : 1;
  if (points > 1.1) scale = points;
  if (SDL_GetDesktopDisplayMode(display, &mode) == 0) scale = std::max(scale, mode.h / 1080.0);
  if (SDL_GetDisplayDPI(display, nullptr, nullptr, &dpi) == 0 && dpi > 110 && dpi < 500)
    scale = std::max(1.0, dpi / 96.0 * points);
  return static_cast<float>(std::clamp(std::round(scale * 4) / 4, 1.0, 4.0));
}

Status SdlWindow::LoadFonts(float scale, const WindowModel& model) {
  std::vector<std::string> texts = {model.source};
  for (const WindowStyle& style : model.styles)
    texts.insert(texts.end(), {style.word, style.title, style.artist});
  TEMPERA_RETURN_IF_ERROR(theme::LoadFonts(options_.font, scale, texts, canvas_->largest_texture(), &fonts_));
  theme::Apply(scale);
  unsigned char* alpha = nullptr;
  int width = 0, height = 0;
  ImGui::GetIO().Fonts->GetTexDataAsAlpha8(&alpha, &width, &height);
  std::vector<uint32_t> words(size_t(width) * height);
  for (size_t i = 0; i < words.size(); ++i) words[i] = uint32_t{alpha[i]} << 24 | 0xffffff;
  if (font_texture_ != nullptr) canvas_->DropTexture(font_texture_);
  font_texture_ = canvas_->MakeTexture(width, height, words.data(), false);
  if (font_texture_ == nullptr) return OutOfMemory(std::string("no memory for letters: ") + SDL_GetError());
  ImGui::GetIO().Fonts->SetTexID(font_texture_);
  ImGui::GetIO().Fonts->ClearTexData();
  scale_ = scale;
  picture_ = {};  // what was laid out has the letters before: nothing is drawn of it any more
  return OkStatus();
}

// True for a press or a release: ImGui is shown each by itself.
bool SdlWindow::Handle(const SDL_Event& event, Shell* shell) {
  if (alarm_.IsBell(event)) return false;
  int width = 1, canvas_width = 1, canvas_height = 1;
  SDL_GetWindowSize(window_, &width, nullptr);
  canvas_->Size(&canvas_width, &canvas_height);
  const float pixels = width > 0 ? static_cast<float>(canvas_width) / static_cast<float>(width) : 1;
  switch (event.type) {
    case SDL_QUIT:
      closes_ = true;
      return false;
    case SDL_WINDOWEVENT:
      if (event.window.event == SDL_WINDOWEVENT_DISPLAY_CHANGED ||
          event.window.event == SDL_WINDOWEVENT_SIZE_CHANGED)
        rescale_ = true;
      break;
    case SDL_KEYDOWN:
      if ((event.key.keysym.mod & KMOD_CTRL) != 0 && !ImGui::GetIO().WantTextInput) {
        const SDL_Keycode key = event.key.keysym.sym;
        const bool larger = key == SDLK_PLUS || key == SDLK_EQUALS || key == SDLK_KP_PLUS;
        if (larger || key == SDLK_MINUS || key == SDLK_KP_MINUS) {
          user_scale_ = std::clamp(double(scale_) + (larger ? 0.25 : -0.25), 0.75, 4.0);
          rescale_ = true;
          break;
        }
      }
      if (shell->Key(event.key)) {
        settles_ = kSettles;
        return false;
      }
      break;
    case SDL_TEXTINPUT:
      if (shell->Text(event.text.text)) {
        settles_ = kSettles;
        return false;
      }
      break;
    case SDL_MOUSEMOTION:
      moved_ns_ = NowNs();
      break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
      rescale_ = true;
      scale_ = 0;
      break;
    default:
      break;
  }
  if (input_->Take(event, pixels)) settles_ = kSettles;
  const bool key = event.type == SDL_KEYDOWN || event.type == SDL_KEYUP;
  return event.type == SDL_MOUSEBUTTONDOWN || event.type == SDL_MOUSEBUTTONUP ||
         (key && ImGui::GetIO().WantTextInput);
}

Status SdlWindow::TakeEvents(Shell* shell, const WindowModel& model, int timeout_ms) {
  alarm_.Wait(timeout_ms);
  SDL_Event event;
  while (!DisplayIsLost() && SDL_PollEvent(&event) != 0) {
    if (Handle(event, shell)) Layout(shell);
  }
  if (rescale_) {
    rescale_ = false;
    settles_ = kSettles;
    const float scale =
        user_scale_ > 0 ? static_cast<float>(std::clamp(user_scale_, 0.5, 6.0)) : ScaleByDisplay();
    if (scale != scale_) return LoadFonts(scale, model);
  }
  return OkStatus();
}

void SdlWindow::Layout(Shell* shell) {
  int width = 1, height = 1;
  canvas_->Size(&width, &height);
  const int64_t now = NowNs();
  input_->Begin(width, height, static_cast<float>(now - frame_ns_) * 1e-9f);
  frame_ns_ = now;
  shell->Frame(width, height, scale_, fonts_);
  FollowFullScreen(shell);
  const bool hides = full_screen_ && !shell->view().panel && now - moved_ns_ > kPointerHidesNs;
  input_->ShowPointer(hides);
  const bool types = ImGui::GetIO().WantTextInput;
  if (types && SDL_IsTextInputActive() == SDL_FALSE) SDL_StartTextInput();
  if (options_.drawn) options_.drawn(shell->drawn());
}

void SdlWindow::FollowFullScreen(Shell* shell) {
  View& view = shell->view();
  if (view.full_screen == full_screen_) return;
  full_screen_ = view.full_screen;
  SDL_SetWindowFullscreen(window_, full_screen_ ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
  if (full_screen_) panel_before_ = std::exchange(view.panel, false);
  if (!full_screen_) view.panel = panel_before_;
  settles_ = kSettles;
}

Status SdlWindow::Loop(Session* session, Waiter* waiter, Shell* shell, const WindowModel& model) {
  SDL_DisplayMode mode{};
  const bool known = SDL_GetCurrentDisplayMode(0, &mode) == 0 && mode.refresh_rate > 0;
  // Controls are drawn as often as the display shows them; paintings when they come.
  const int64_t ui_ns = 1'000'000'000 / (known ? std::clamp(mode.refresh_rate, 30, 240) : 60);
  int64_t drawn_ns = 0;
  uint64_t generation = 0;
  while (!closes_ && session->running()) {
    const int64_t due = drawn_ns + (settles_ > 0 ? ui_ns : kRefreshNs);
    const int64_t wait_ns = std::clamp<int64_t>(due - NowNs(), 0, kRefreshNs);
    TEMPERA_RETURN_IF_ERROR(TakeEvents(shell, model, static_cast<int>((wait_ns + 999'999) / 1'000'000)));
    if (DisplayIsLost()) return IoError("the window is closed: its display went away");
    const Painted painted = waiter->Take();
    if ((SDL_GetWindowFlags(window_) & (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN)) != 0) {
      settles_ = 0;  // coming back is an event
      drawn_ns = NowNs();
      if (closes_ || shell->view().quits) break;
      continue;
    }
    if (painted) {
      canvas_->SetPicture(painted);
      shell->SetPainted(painted);
    }
    const uint64_t now_generation = std::exchange(generation, shell->Generation());
    if (stirred_.exchange(false) || now_generation != generation) settles_ = std::max(settles_, 1);
    const int64_t now = NowNs();
    int width = 1, height = 1;
    canvas_->Size(&width, &height);
    const SDL_Rect rect = shell->PlaceOfPicture(width, height, scale_).rect;
    const bool moved = SDL_RectEquals(&rect, &picture_) == SDL_FALSE;
    Status status;
    if (moved || now - drawn_ns >= (settles_ > 0 ? ui_ns : kRefreshNs)) {
      if (settles_ > 0) --settles_;
      Layout(shell);
      drawn_ns = now;
      canvas_->Size(&width, &height);
      const Canvas::Place place = shell->PlaceOfPicture(width, height, scale_);
      picture_ = place.rect;
      status = canvas_->Draw(place, *ImGui::GetDrawData());
    } else if (painted) {
      status = canvas_->DrawPicture(shell->PlaceOfPicture(width, height, scale_), *ImGui::GetDrawData());
    }
    if (DisplayIsLost()) return IoError("the window is closed: its display went away");
    TEMPERA_RETURN_IF_ERROR(status);
    if (painted) session->Shown(*painted);
    if (shell->view().quits) closes_ = true;
  }
  return OkStatus();
}

Status SdlWindow::Run(Session* session, Controls* controls, const WindowModel& model) {
  TEMPERA_RETURN_IF_ERROR(LoadFonts(
      user_scale_ > 0 ? static_cast<float>(std::clamp(user_scale_, 0.5, 6.0)) : ScaleByDisplay(), model));
  View view;
  view.panel = options_.panel;
  view.compare = options_.compare;
  view.full_screen = options_.full_screen;
  panel_before_ = options_.panel;
  frame_ns_ = NowNs();
  Shell shell(session, controls, &model, canvas_.get(), view, [this] { Stir(); });
  SDL_StartTextInput();  // for '?', wherever the keyboard has it
  Waiter waiter(session, [this] { alarm_.Ring(); });
  if (!waiter.started()) return OutOfMemory("no thread can be made for the window: end other programs");
  Layout(&shell);
  return Loop(session, &waiter, &shell, model);
}

}  // namespace

bool Window::Built() { return true; }

Result<std::unique_ptr<Window>> Window::Open(const WindowOptions& options) {
  auto window = std::make_unique<SdlWindow>(options);
  TEMPERA_RETURN_IF_ERROR(window->Start());
  return std::unique_ptr<Window>(std::move(window));
}

}  // namespace tempera::live
