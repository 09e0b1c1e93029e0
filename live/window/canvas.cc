#include "live/window/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include "live/window/theme.h"

namespace tempera::live {
namespace {

Status SdlError(const std::string& what) { return IoError("the window: " + what + ": " + SDL_GetError()); }

// Renderers that are programs: OpenGL drawn by the processor costs it ten times what copying pixels does.
bool DrawsByProcessor() {
  using GetString = const unsigned char*(SDLCALL*)(unsigned);
  const auto get = reinterpret_cast<GetString>(SDL_GL_GetProcAddress("glGetString"));
  constexpr unsigned kGlRenderer = 0x1F01;
  const unsigned char* text =
      get != nullptr && SDL_GL_GetCurrentContext() != nullptr ? get(kGlRenderer) : nullptr;
  if (text == nullptr) return false;
  const std::string name(reinterpret_cast<const char*>(text));
  for (const char* program : {"llvmpipe", "softpipe", "Software Rasterizer", "SwiftShader", "SWR"}) {
    if (name.find(program) != std::string::npos) return true;
  }
  return false;
}

// Where the kernel knows of no card, starting OpenGL would only load the program that stands in for one.
bool MayHaveCard() {
#ifdef __linux__
  for (const char* device : {"/dev/dri", "/dev/nvidia0", "/dev/dxg", "/dev/mali0", "/dev/kgsl-3d0"}) {
    std::error_code error;
    if (std::filesystem::exists(device, error)) return true;
  }
  return false;
#else
  return true;
#endif
}

// What SDL's shaders know; the others are converted here.
bool ModeOf(const media::Frame& frame, SDL_YUV_CONVERSION_MODE* mode) {
  if (frame.matrix == media::ColorMatrix::kBt601)
    *mode = frame.full_range ? SDL_YUV_CONVERSION_JPEG : SDL_YUV_CONVERSION_BT601;
  else if (frame.matrix == media::ColorMatrix::kBt709 && !frame.full_range)
    *mode = SDL_YUV_CONVERSION_BT709;
  else
    return false;
  return true;
}

bool IsPlain32(Uint32 format) {
  return format == SDL_PIXELFORMAT_RGB888 || format == SDL_PIXELFORMAT_ARGB8888;
}

}  // namespace

Canvas::Canvas(SDL_Window* window, SDL_Renderer* renderer, bool software)
    : window_(window), renderer_(renderer), software_(software) {
  SDL_RendererInfo info;
  if (SDL_GetRendererInfo(renderer, &info) == 0)
    largest_texture_ = std::min(info.max_texture_width, info.max_texture_height);
}

Canvas::~Canvas() {
  SDL_FreeSurface(picture_);
  SDL_DestroyRenderer(renderer_);  // and its textures
}

Result<std::unique_ptr<Canvas>> Canvas::Make(SDL_Window* window, WindowOptions::Renderer which) {
  SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
  SDL_Renderer* renderer = nullptr;
  if (which == WindowOptions::Renderer::kGpu || (which == WindowOptions::Renderer::kAuto && MayHaveCard())) {
    // Without waiting for the display: a painting is shown when it is there.
    renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED);
    if (renderer != nullptr && which == WindowOptions::Renderer::kAuto && DrawsByProcessor()) {
      SDL_DestroyRenderer(renderer);
      renderer = nullptr;
    }
    if (renderer == nullptr && which == WindowOptions::Renderer::kGpu)
      return SdlError("no graphics card draws here (leave the choice to 'auto')");
  }
  const bool software = renderer == nullptr;
  if (software) {
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
  }
  if (renderer == nullptr) return SdlError("nothing can be drawn");
  SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
  return std::unique_ptr<Canvas>(new Canvas(window, renderer, software));
}

std::string Canvas::name() const {
  SDL_RendererInfo info;
  if (software_ || SDL_GetRendererInfo(renderer_, &info) != 0) return "software";
  return info.name;
}

void Canvas::Size(int* width, int* height) const {
  if (SDL_GetRendererOutputSize(renderer_, width, height) != 0) SDL_GetWindowSize(window_, width, height);
}

int Canvas::CutOf(int width, float divider) {
  const int cut = static_cast<int>(std::lround(std::clamp(divider, 0.0f, 1.0f) * static_cast<float>(width)));
  return cut >= width ? width : cut / 2 * 2;
}

SDL_Texture* Canvas::MakeTexture(int width, int height, const uint32_t* pixels, bool opaque) {
  SDL_Texture* texture =
      SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STATIC, width, height);
  if (texture == nullptr) return nullptr;
  SDL_UpdateTexture(texture, nullptr, pixels, width * 4);
  SDL_SetTextureBlendMode(texture, opaque ? SDL_BLENDMODE_NONE : SDL_BLENDMODE_BLEND);
  SDL_SetTextureScaleMode(texture, SDL_ScaleModeLinear);
  return texture;
}

Status Canvas::Draw(const Place& place, const ImDrawData& ui) {
  SDL_RenderSetClipRect(renderer_, nullptr);
  const ImU32 color = theme::kBackground;
  SDL_SetRenderDrawColor(renderer_, color & 0xff, color >> 8 & 0xff, color >> 16 & 0xff, 255);
  if (SDL_RenderClear(renderer_) != 0) return SdlError("nothing can be drawn");
  TEMPERA_RETURN_IF_ERROR(software_ ? DrawWithProcessor(place) : DrawWithCard(place));
  DrawUi(ui, nullptr);
  SDL_RenderPresent(renderer_);
  return OkStatus();
}

Status Canvas::DrawPicture(const Place& place, const ImDrawData& ui) {
  // A card's buffers change places: each has to be drawn whole.
  if (!software_) return Draw(place, ui);
  TEMPERA_RETURN_IF_ERROR(DrawWithProcessor(place));
  DrawUi(ui, &place.rect);
  SDL_RenderFlush(renderer_);
  if (SDL_UpdateWindowSurfaceRects(window_, &place.rect, 1) != 0) return SdlError("the display is gone");
  return OkStatus();
}

bool Canvas::Upload(const media::Frame& frame, const SDL_Rect& rect, Layer* layer) {
  YuvView view;
  if (!ViewOf(frame, &view)) return false;
  view = Reduced(view, rect.w, rect.h, &reduced_[layer == &before_]);
  SDL_YUV_CONVERSION_MODE mode;
  const bool converts = !ModeOf(frame, &mode);
  const Uint32 format = converts                ? SDL_PIXELFORMAT_ARGB8888
                        : view.chroma_step == 2 ? SDL_PIXELFORMAT_NV12
                                                : SDL_PIXELFORMAT_IYUV;
  if (layer->texture == nullptr || layer->format != format || layer->width != view.width ||
      layer->height != view.height) {
    SDL_DestroyTexture(layer->texture);
    layer->texture =
        SDL_CreateTexture(renderer_, format, SDL_TEXTUREACCESS_STREAMING, view.width, view.height);
    if (layer->texture == nullptr) return false;
    SDL_SetTextureBlendMode(layer->texture, SDL_BLENDMODE_NONE);
    SDL_SetTextureScaleMode(layer->texture, SDL_ScaleModeLinear);
    *layer = {layer->texture, format, view.width, view.height};
  }
  if (format == SDL_PIXELFORMAT_NV12)
    return SDL_UpdateNVTexture(layer->texture, nullptr, view.y, view.y_stride, view.u, view.u_stride) == 0;
  if (format == SDL_PIXELFORMAT_IYUV)
    return SDL_UpdateYUVTexture(layer->texture, nullptr, view.y, view.y_stride, view.u, view.u_stride, view.v,
                                view.v_stride) == 0;
  rgb_.resize(size_t(view.width) * view.height);
  ToRgb(view, 0, view.width, rgb_.data(), view.width);
  return SDL_UpdateTexture(layer->texture, nullptr, rgb_.data(), view.width * 4) == 0;
}

// The part of it between two fractions of its width.
bool Canvas::DrawLayer(const Layer& layer, const SDL_Rect& rect, float from, float to) {
  if (layer.texture == nullptr || from >= to) return true;
  const int x0 = CutOf(layer.width, from), x1 = CutOf(layer.width, to);
  if (x0 >= x1) return true;
  const SDL_Rect part{x0, 0, x1 - x0, layer.height};
  const float scale = static_cast<float>(rect.w) / static_cast<float>(layer.width);
  const SDL_FRect where{static_cast<float>(rect.x) + static_cast<float>(x0) * scale,
                        static_cast<float>(rect.y), static_cast<float>(x1 - x0) * scale,
                        static_cast<float>(rect.h)};
  return SDL_RenderCopyF(renderer_, layer.texture, &part, &where) == 0;
}

Status Canvas::DrawWithCard(const Place& place) {
  if (!painted_ || place.rect.w < 1 || place.rect.h < 1) return OkStatus();
  const bool compares = place.divider > 0;
  if (fresh_ || (compares && !has_before_)) {
    if (!Upload(painted_->frame, place.rect, &after_)) return SdlError("the picture cannot be shown");
    has_before_ = compares && Upload(painted_->source.frame, place.rect, &before_);
    fresh_ = false;
  }
  SDL_YUV_CONVERSION_MODE mode;
  if (ModeOf(painted_->frame, &mode)) SDL_SetYUVConversionMode(mode);
  SDL_RenderSetClipRect(renderer_, &place.rect);
  const float divider = compares && has_before_ ? place.divider : 0;
  if (!DrawLayer(after_, place.rect, divider, 1)) return SdlError("the picture cannot be shown");
  if (divider > 0 && !DrawLayer(before_, place.rect, 0, divider))
    return SdlError("the source cannot be shown");
  SDL_RenderSetClipRect(renderer_, nullptr);
  return OkStatus();
}

// Past the renderer, whose copies cost more: colours are converted at the picture's size, then stretched into
// the window's pixels.
Status Canvas::DrawWithProcessor(const Place& place) {
  if (!painted_ || place.rect.w < 1 || place.rect.h < 1) return OkStatus();
  SDL_RenderFlush(renderer_);
  SDL_Surface* target = SDL_GetWindowSurface(window_);
  if (target == nullptr) return SdlError("the display is gone");
  YuvView after, before;
  if (!ViewOf(painted_->frame, &after))
    return Internal("the window: a painting that is neither I420 nor NV12");
  after = Reduced(after, place.rect.w, place.rect.h, &reduced_[0]);
  const Uint32 format =
      IsPlain32(target->format->format) ? target->format->format : Uint32{SDL_PIXELFORMAT_RGB888};
  if (picture_ == nullptr || picture_->w != after.width || picture_->h != after.height ||
      picture_->format->format != format) {
    SDL_FreeSurface(picture_);
    picture_ = SDL_CreateRGBSurfaceWithFormat(0, after.width, after.height, 32, format);
    if (picture_ == nullptr) return SdlError("no memory for a picture");
    SDL_SetSurfaceBlendMode(picture_, SDL_BLENDMODE_NONE);
    fresh_ = true;
  }
  int cut = 0;
  if (place.divider > 0 && ViewOf(painted_->source.frame, &before)) {
    before = Reduced(before, place.rect.w, place.rect.h, &reduced_[1]);
    if (before.width == after.width && before.height == after.height) cut = CutOf(after.width, place.divider);
  }
  auto* const out = static_cast<uint32_t*>(picture_->pixels);
  if (cut > 0) ToRgb(before, 0, cut, out, picture_->pitch / 4);
  if (cut < after.width) ToRgb(after, cut, after.width, out, picture_->pitch / 4);
  fresh_ = false;
  SDL_Rect rect = place.rect;
  int failed = 0;
  if (rect.w == picture_->w && rect.h == picture_->h)
    failed = SDL_BlitSurface(picture_, nullptr, target, &rect);
  else if (format == target->format->format)
    failed = SDL_SoftStretchLinear(picture_, nullptr, target, &rect);
  else
    failed = SDL_BlitScaled(picture_, nullptr, target, &rect);
  return failed != 0 ? SdlError("the picture cannot be shown") : OkStatus();
}

void Canvas::DrawUi(const ImDrawData& ui, const SDL_Rect* within) {
  for (int n = 0; n < ui.CmdListsCount; ++n) {
    const ImDrawList& list = *ui.CmdLists[n];
    for (const ImDrawCmd& cmd : list.CmdBuffer) {
      if (cmd.UserCallback != nullptr || cmd.ElemCount == 0) continue;
      SDL_Rect clip{static_cast<int>(cmd.ClipRect.x), static_cast<int>(cmd.ClipRect.y), 0, 0};
      clip.w = static_cast<int>(cmd.ClipRect.z) - clip.x;
      clip.h = static_cast<int>(cmd.ClipRect.w) - clip.y;
      if (within != nullptr && !SDL_IntersectRect(&clip, within, &clip)) continue;
      if (clip.w <= 0 || clip.h <= 0) continue;
      SDL_RenderSetClipRect(renderer_, &clip);
      const ImDrawVert* vertices = list.VtxBuffer.Data + cmd.VtxOffset;
      const auto* bytes = reinterpret_cast<const std::byte*>(vertices);
      constexpr int kStride = sizeof(ImDrawVert);
      SDL_RenderGeometryRaw(renderer_, static_cast<SDL_Texture*>(cmd.GetTexID()),
                            reinterpret_cast<const float*>(bytes + offsetof(ImDrawVert, pos)), kStride,
                            reinterpret_cast<const SDL_Color*>(bytes + offsetof(ImDrawVert, col)), kStride,
                            reinterpret_cast<const float*>(bytes + offsetof(ImDrawVert, uv)), kStride,
                            list.VtxBuffer.Size - static_cast<int>(cmd.VtxOffset),
                            list.IdxBuffer.Data + cmd.IdxOffset, static_cast<int>(cmd.ElemCount),
                            sizeof(ImDrawIdx));
    }
  }
  SDL_RenderSetClipRect(renderer_, nullptr);
}

}  // namespace tempera::live
