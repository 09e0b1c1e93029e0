#include "live/window/shell.h"

#include <algorithm>
#include <cmath>

namespace tempera::live {
namespace {

// Of a usual display's pixels.
constexpr float kPanelWidth = 356, kGalleryHeight = 124;
// What is decoded of a style's picture: enough for its tile at any size of texts.
constexpr int kThumbnailSide = 384;

struct Sides {
  float panel = 0, gallery = 0;
};

Sides SidesOf(const Desk& desk, int width, int height, float scale) {
  Sides sides;
  if (!desk.view.panel) return sides;
  sides.panel = std::floor(std::min(kPanelWidth * scale, 0.5f * static_cast<float>(width)));
  if (desk.model->styles.size() > 1)
    sides.gallery = std::floor(std::min(kGalleryHeight * scale, 0.3f * static_cast<float>(height)));
  return sides;
}

}  // namespace

Shell::Shell(Session* session, Controls* controls, const WindowModel* model, Canvas* canvas, const View& view,
             std::function<void()> wake)
    : jobs_(wake), thumbnails_(&model->styles, kThumbnailSide, wake) {
  desk_.session = session;
  desk_.controls = controls;
  desk_.model = model;
  desk_.canvas = canvas;
  desk_.jobs = &jobs_;
  desk_.view = view;
  for (size_t i = 0; i < model->styles.size(); ++i)
    desk_.style_of_word.emplace(model->styles[i].word, static_cast<int>(i));
}

Canvas::Place Shell::PlaceOfPicture(int width, int height, float scale) const {
  const Sides sides = SidesOf(desk_, width, height, scale);
  const int room_w = std::max(1, width - static_cast<int>(sides.panel));
  const int room_h = std::max(1, height - static_cast<int>(sides.gallery));
  Canvas::Place place;
  const int w = desk_.painted ? desk_.painted->frame.width : 16,
            h = desk_.painted ? desk_.painted->frame.height : 9;
  const double factor = std::min(double(room_w) / w, double(room_h) / h);
  place.rect.w = std::clamp(static_cast<int>(std::lround(w * factor)), 1, room_w);
  place.rect.h = std::clamp(static_cast<int>(std::lround(h * factor)), 1, room_h);
  place.rect.x = (room_w - place.rect.w) / 2;
  place.rect.y = (room_h - place.rect.h) / 2;
  place.divider = desk_.view.compare ? desk_.view.divider : 0;
  return place;
}

void Shell::Frame(int width, int height, float scale, const theme::Fonts& fonts) {
  desk_.fonts = fonts;
  desk_.scale = scale;
  desk_.statistics = desk_.session->statistics();
  desk_.settings = desk_.controls->Get();
  desk_.parameters = desk_.controls->Parameters();
  desk_.mask_classes = desk_.controls->MaskClasses();
  desk_.recording = desk_.actions().recording && desk_.actions().recording();
  desk_.drawn.clear();
  for (const Result<std::string>& result : jobs_.Take()) {
    if (result.ok())
      desk_.Say(*result);
    else
      desk_.Say(result.status().message(), true);
  }
  const int64_t now = NowNs();
  std::erase_if(desk_.notices, [now](const Notice& n) { return n.until_ns <= now; });

  ImGui::NewFrame();
  const auto& pictures = thumbnails_.On(desk_.canvas);
  const Sides sides = SidesOf(desk_, width, height, scale);
  const ImVec2 size(static_cast<float>(width), static_cast<float>(height));
  if (sides.panel > 0)
    panel_.Draw(&desk_, &gallery_, pictures, ImVec2(size.x - sides.panel, 0), ImVec2(sides.panel, size.y));
  if (sides.gallery > 0)
    gallery_.Draw(&desk_, pictures, ImVec2(0, size.y - sides.gallery),
                  ImVec2(size.x - sides.panel, sides.gallery));
  DrawOverlay(&desk_, PlaceOfPicture(width, height, scale).rect);
  if (desk_.view.help) DrawHelp(&desk_, size);
  ImGui::Render();
}

bool Shell::Text(const char* text) {
  if (ImGui::GetIO().WantTextInput || std::string(text) != "?") return false;
  desk_.view.help = !desk_.view.help;
  return true;
}

bool Shell::Key(const SDL_KeyboardEvent& event) {
  SDL_Keycode key = event.keysym.sym;
  // Keyboards of other scripts: the letter that stands at that place on a Latin one.
  if (key > 127 && (key & SDLK_SCANCODE_MASK) == 0 && event.keysym.scancode >= SDL_SCANCODE_A &&
      event.keysym.scancode <= SDL_SCANCODE_Z)
    key = SDLK_a + (event.keysym.scancode - SDL_SCANCODE_A);
  const int mod = event.keysym.mod;
  if (key == SDLK_F11 && event.repeat == 0) {
    desk_.view.full_screen = !desk_.view.full_screen;
    return true;
  }
  if (ImGui::GetIO().WantTextInput || (mod & (KMOD_ALT | KMOD_GUI)) != 0) return false;
  // By place as well, for keyboards whose digits need Shift.
  const SDL_Scancode place = event.keysym.scancode;
  int digit = key >= SDLK_1 && key <= SDLK_9 ? key - SDLK_1 + 1 : 0;
  if (digit == 0 && place >= SDL_SCANCODE_1 && place <= SDL_SCANCODE_9) digit = place - SDL_SCANCODE_1 + 1;
  if (digit == 0 && key >= SDLK_KP_1 && key <= SDLK_KP_9) digit = key - SDLK_KP_1 + 1;
  if (digit > 0 && event.repeat == 0 && (mod & KMOD_SHIFT) == 0) {
    (mod & KMOD_CTRL) != 0 ? desk_.Store(digit) : desk_.Recall(digit);
    return true;
  }
  if ((mod & KMOD_CTRL) != 0) return false;
  if (key == SDLK_LEFT || key == SDLK_RIGHT) {
    desk_.StepStyle(key == SDLK_RIGHT ? 1 : -1);
    return true;
  }
  return event.repeat == 0 && Plain(key);
}

bool Shell::Plain(SDL_Keycode key) {
  View& view = desk_.view;
  desk_.settings = desk_.controls->Get();  // several keys may come within one frame
  switch (key) {
    case SDLK_F1:
      view.help = !view.help;
      return true;
    case SDLK_f:
      view.full_screen = !view.full_screen;
      return true;
    case SDLK_TAB:
      view.panel = !view.panel;
      return true;
    case SDLK_SPACE:
      desk_.controls->SetFreeze(!desk_.settings.freeze);
      return true;
    case SDLK_m:
      desk_.controls->SetMirror(!desk_.settings.mirror);
      return true;
    case SDLK_b:
      view.compare = !view.compare;
      return true;
    case SDLK_s:
      desk_.Snapshot();
      return true;
    case SDLK_r:
      desk_.ToggleRecording();
      return true;
    case SDLK_q:
      desk_.AskToQuit();
      return true;
    case SDLK_ESCAPE:
      if (view.help)
        view.help = false;
      else if (view.full_screen)
        view.full_screen = false;
      else
        desk_.AskToQuit();
      return true;
    default:
      return false;
  }
}

}  // namespace tempera::live
