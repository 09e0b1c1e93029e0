#include "live/window/input.h"

#include <algorithm>
#include <cfloat>

namespace tempera::live {
namespace {

const char* ClipboardText(void*) {
  // ImGui reads it before it asks again.
  static char* text = nullptr;
  SDL_free(text);
  text = SDL_GetClipboardText();
  return text;
}

void SetClipboardText(void*, const char* text) { SDL_SetClipboardText(text); }

constexpr struct {
  ImGuiKey key;
  SDL_Scancode code;
} kKeys[] = {
    {ImGuiKey_Tab, SDL_SCANCODE_TAB},
    {ImGuiKey_LeftArrow, SDL_SCANCODE_LEFT},
    {ImGuiKey_RightArrow, SDL_SCANCODE_RIGHT},
    {ImGuiKey_UpArrow, SDL_SCANCODE_UP},
    {ImGuiKey_DownArrow, SDL_SCANCODE_DOWN},
    {ImGuiKey_Home, SDL_SCANCODE_HOME},
    {ImGuiKey_End, SDL_SCANCODE_END},
    {ImGuiKey_Delete, SDL_SCANCODE_DELETE},
    {ImGuiKey_Backspace, SDL_SCANCODE_BACKSPACE},
    {ImGuiKey_Enter, SDL_SCANCODE_RETURN},
    {ImGuiKey_KeyPadEnter, SDL_SCANCODE_KP_ENTER},
    {ImGuiKey_Escape, SDL_SCANCODE_ESCAPE},
    {ImGuiKey_A, SDL_SCANCODE_A},
    {ImGuiKey_C, SDL_SCANCODE_C},
    {ImGuiKey_V, SDL_SCANCODE_V},
    {ImGuiKey_X, SDL_SCANCODE_X},
    {ImGuiKey_Z, SDL_SCANCODE_Z},
};

constexpr struct {
  ImGuiMouseCursor cursor;
  SDL_SystemCursor shape;
} kCursors[] = {
    {ImGuiMouseCursor_Arrow, SDL_SYSTEM_CURSOR_ARROW},
    {ImGuiMouseCursor_TextInput, SDL_SYSTEM_CURSOR_IBEAM},
    {ImGuiMouseCursor_ResizeEW, SDL_SYSTEM_CURSOR_SIZEWE},
    {ImGuiMouseCursor_Hand, SDL_SYSTEM_CURSOR_HAND},
};

int ButtonOf(Uint8 button) { return button == SDL_BUTTON_LEFT ? 0 : button == SDL_BUTTON_RIGHT ? 1 : 2; }

}  // namespace

Input::Input() {
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.BackendPlatformName = "tempera";
  io.BackendFlags |= ImGuiBackendFlags_HasMouseCursors | ImGuiBackendFlags_RendererHasVtxOffset;
  io.GetClipboardTextFn = ClipboardText;
  io.SetClipboardTextFn = SetClipboardText;
  for (const auto& k : kKeys) io.KeyMap[k.key] = k.code;
  for (const auto& c : kCursors) cursors_[static_cast<size_t>(c.cursor)] = SDL_CreateSystemCursor(c.shape);
}

Input::~Input() {
  for (SDL_Cursor* cursor : cursors_) SDL_FreeCursor(cursor);
}

bool Input::Take(const SDL_Event& event, float pixels) {
  ImGuiIO& io = ImGui::GetIO();
  switch (event.type) {
    case SDL_MOUSEMOTION:
      io.MousePos =
          ImVec2(static_cast<float>(event.motion.x) * pixels, static_cast<float>(event.motion.y) * pixels);
      return true;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
      if (event.button.button > SDL_BUTTON_RIGHT) return false;
      io.MousePos =
          ImVec2(static_cast<float>(event.button.x) * pixels, static_cast<float>(event.button.y) * pixels);
      io.MouseDown[ButtonOf(event.button.button)] = event.type == SDL_MOUSEBUTTONDOWN;
      // So that a drag goes on beyond the window's edge.
      SDL_CaptureMouse(io.MouseDown[0] || io.MouseDown[1] ? SDL_TRUE : SDL_FALSE);
      return true;
    case SDL_MOUSEWHEEL:
      io.MouseWheel += static_cast<float>(std::clamp(event.wheel.y, -4, 4));
      io.MouseWheelH += static_cast<float>(std::clamp(event.wheel.x, -4, 4));
      return true;
    case SDL_TEXTINPUT:
      io.AddInputCharactersUTF8(event.text.text);
      return true;
    case SDL_KEYDOWN:
    case SDL_KEYUP: {
      const int code = event.key.keysym.scancode;
      const int mod = event.key.keysym.mod;
      if (code >= 0 && code < IM_ARRAYSIZE(io.KeysDown)) io.KeysDown[code] = event.type == SDL_KEYDOWN;
      io.KeyShift = (mod & KMOD_SHIFT) != 0;
      io.KeyCtrl = (mod & KMOD_CTRL) != 0;
      io.KeyAlt = (mod & KMOD_ALT) != 0;
      return true;
    }
    case SDL_WINDOWEVENT:
      if (event.window.event == SDL_WINDOWEVENT_LEAVE && !io.MouseDown[0])
        io.MousePos = ImVec2(-FLT_MAX, -FLT_MAX);
      if (event.window.event == SDL_WINDOWEVENT_FOCUS_LOST) {
        std::fill(std::begin(io.KeysDown), std::end(io.KeysDown), false);
        io.KeyShift = io.KeyCtrl = io.KeyAlt = false;
      }
      return true;
    default:
      return false;
  }
}

void Input::Begin(int width, int height, float seconds) {
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = ImVec2(static_cast<float>(width), static_cast<float>(height));
  io.DeltaTime = std::clamp(seconds, 1e-4f, 1.0f);
}

void Input::ShowPointer(bool hidden) {
  const ImGuiMouseCursor wanted = ImGui::GetMouseCursor();
  SDL_ShowCursor(hidden || wanted == ImGuiMouseCursor_None ? SDL_DISABLE : SDL_ENABLE);
  SDL_Cursor* cursor = wanted >= 0 ? cursors_[static_cast<size_t>(wanted)] : nullptr;
  if (cursor == nullptr) cursor = cursors_[ImGuiMouseCursor_Arrow];
  if (cursor != nullptr && cursor != shown_) SDL_SetCursor(cursor);
  shown_ = cursor;
}

}  // namespace tempera::live
