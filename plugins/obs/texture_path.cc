#include "plugins/obs/texture_path.h"

#include <graphics/vec4.h>
#include <util/platform.h>

#include <algorithm>
#include <cstring>

namespace tempera::plugins::obs {
namespace {

constexpr int kBytes = 4;  // RGBA

bool AllOpaque(const uint8_t* pixels, size_t count) {
  uint8_t all = 255;
  for (size_t i = 0; i < count; ++i) all &= pixels[kBytes * i + 3];
  return all == 255;
}

// OBS's textures hold colours times alpha; networks want colours. Where alpha is 0 there are none.
void DivideByAlpha(uint8_t* pixels, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint8_t* pixel = pixels + kBytes * i;
    const unsigned alpha = pixel[3];
    if (alpha == 0 || alpha == 255) continue;
    for (int c = 0; c < 3; ++c)
      pixel[c] = static_cast<uint8_t>(std::min(255u, (pixel[c] * 255u + alpha / 2) / alpha));
  }
}

void MultiplyByAlpha(uint8_t* pixels, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint8_t* pixel = pixels + kBytes * i;
    const unsigned alpha = pixel[3];
    if (alpha == 255) continue;
    for (int c = 0; c < 3; ++c) pixel[c] = static_cast<uint8_t>((pixel[c] * alpha + 127) / 255);
  }
}

}  // namespace

// A picture that was read back, on its way to a mapped texture. The painter's thread has both mappings.
class TexturePath::Work : public FrameWork {
 public:
  Work(std::shared_ptr<TextureMemory> memory, int width, int height)
      : memory_(std::move(memory)), width_(width), height_(height) {}

  Error Paint(Composition& composition, uint64_t look) override {
    const bool same = TakeIn();
    TextureMemory& m = *memory_;
    if (same && m.valid && m.look == look) {
      unchanged = !written_anew;
      if (written_anew) Write();
      return {};
    }
    m.valid = false;
    const tempera_image in = MakeImage(TEMPERA_RGBA, m.in.data(), width_, height_);
    const tempera_image out = MakeImage(TEMPERA_RGBA, m.out.data(), width_, height_);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.timestamp_us = static_cast<int64_t>(time_ns / 1000);
    if (Error error = composition.Process(in, out, params)) return error;
    const size_t count = size_t{1} * width_ * height_;
    if (!AllOpaque(m.out.data(), count)) MultiplyByAlpha(m.out.data(), count);
    m.valid = true;
    m.look = look;
    Write();
    return {};
  }

  Stage* stage = nullptr;
  const uint8_t* read = nullptr;
  uint32_t read_stride = 0;
  uint8_t* written = nullptr;
  uint32_t written_stride = 0;
  bool written_anew = false;  // nothing is shown yet: write even what did not change
  bool unchanged = false;     // what is shown is this painting already
  uint64_t time_ns = 0;

 private:
  // Whether it is the same picture as the last.
  bool TakeIn() {
    TextureMemory& m = *memory_;
    const size_t row = size_t{kBytes} * width_, size = row * height_;
    bool same = m.valid && m.width == width_ && m.height == height_;
    if (!same) {
      m.width = width_, m.height = height_;
      m.seen.resize(size), m.in.resize(size), m.out.resize(size);
    }
    for (int y = 0; y < height_; ++y) {
      const uint8_t* from = read + size_t{read_stride} * y;
      uint8_t* to = m.seen.data() + row * y;
      if (same && std::memcmp(from, to, row) == 0) continue;
      same = false;
      std::memcpy(to, from, row);
    }
    if (same) return true;
    std::memcpy(m.in.data(), m.seen.data(), size);
    const size_t count = size_t{1} * width_ * height_;
    if (!AllOpaque(m.in.data(), count)) DivideByAlpha(m.in.data(), count);
    return false;
  }

  void Write() const {
    const size_t row = size_t{kBytes} * width_;
    for (int y = 0; y < height_; ++y)
      std::memcpy(written + size_t{written_stride} * y, memory_->out.data() + row * y, row);
  }

  const std::shared_ptr<TextureMemory> memory_;
  const int width_, height_;
};

TexturePath::~TexturePath() {
  obs_enter_graphics();
  Release();
  obs_leave_graphics();
}

void TexturePath::Release() {
  for (Stage& stage : stages_) {
    if (stage.lent) gs_stagesurface_unmap(stage.surface);
    gs_stagesurface_destroy(stage.surface);
    stage = {};
  }
  if (written_ != nullptr) gs_texture_unmap(textures_[1 - shown_]);
  written_ = nullptr;
  for (gs_texture_t*& texture : textures_) {
    gs_texture_destroy(texture);
    texture = nullptr;
  }
  gs_texrender_destroy(source_);
  source_ = nullptr;
  width_ = height_ = 0;
  shown_valid_ = false;
}

// One thing a frame: megabytes are allocated for each. False where something was still missing.
bool TexturePath::Create(int width, int height) {
  const auto w = static_cast<uint32_t>(width), h = static_cast<uint32_t>(height);
  width_ = width, height_ = height;
  if (source_ == nullptr) {
    source_ = gs_texrender_create(GS_RGBA, GS_ZS_NONE);
    return false;
  }
  for (Stage& stage : stages_) {
    if (stage.surface != nullptr) continue;
    stage.surface = gs_stagesurface_create(w, h, GS_RGBA);
    return false;
  }
  for (gs_texture_t*& texture : textures_) {
    if (texture != nullptr) continue;
    texture = gs_texture_create(w, h, GS_RGBA, 1, nullptr, GS_DYNAMIC);
    return false;
  }
  return true;
}

void TexturePath::TakeBack(std::vector<std::unique_ptr<FrameWork>> done, RenderMeter::Span* span) {
  for (const auto& one : done) {
    const Work& work = static_cast<const Work&>(*one);
    const auto give_back = [&work] { return gs_stagesurface_unmap(work.stage->surface), true; };
    span != nullptr ? span->Driver(give_back) : give_back();
    work.stage->lent = false;
    painting_ns_ = work.painting_ns;
    if (!work.painted) {
      shown_valid_ = false;
      continue;
    }
    ++painted_;
    if (!work.unchanged) {
      const auto upload = [this] { return gs_texture_unmap(textures_[1 - shown_]), true; };
      span != nullptr ? span->Driver(upload) : upload();
      written_ = nullptr;
      shown_ = 1 - shown_;
    }
    shown_valid_ = true;
    lateness_s_ = static_cast<double>(obs_get_video_frame_time() - work.time_ns) * 1e-9;
  }
}

// The picture that was read back goes to the painter: the newest where both are there.
void TexturePath::HandOver(Painter::Visit& visit, RenderMeter::Span& span) {
  if (!visit.Idle()) return;
  const uint64_t now = obs_get_video_frame_time();
  for (Stage& stage : stages_) {
    // What was staged in this very frame is still on its way.
    if (!stage.staged || stage.time_ns == now) continue;
    uint8_t* pixels = nullptr;
    uint32_t stride = 0;
    stage.staged = false;
    if (!span.Driver([&] { return gs_stagesurface_map(stage.surface, &pixels, &stride); })) continue;
    const auto map = [this] { return gs_texture_map(textures_[1 - shown_], &written_, &written_stride_); };
    if (written_ == nullptr && !span.Driver(map)) {
      written_ = nullptr;
      gs_stagesurface_unmap(stage.surface);
      return;
    }
    auto work = std::make_unique<Work>(memory_, width_, height_);
    work->stage = &stage;
    work->read = pixels;
    work->read_stride = stride;
    work->written = written_;
    work->written_stride = written_stride_;
    work->written_anew = !shown_valid_;
    work->time_ns = stage.time_ns;
    stage.lent = true;
    handed_over_ns_ = os_gettime_ns();
    (void)visit.Submit(std::move(work));  // it was idle: nothing comes back
    return;
  }
}

// Whether a picture that is read back now will find the painter idle, at the next frame: reading back costs
// the graphics card time, and on some the processor's.
bool TexturePath::Due(bool idle) const {
  if (idle) return true;
  const uint64_t frame_ns = obs_get_frame_interval_ns();
  return os_gettime_ns() - handed_over_ns_ + frame_ns >= painting_ns_;
}

void TexturePath::Capture(obs_source_t* filter, RenderMeter::Span& span) {
  obs_source_t* target = obs_filter_get_target(filter);
  obs_source_t* parent = obs_filter_get_parent(filter);
  Stage* free = nullptr;
  for (Stage& stage : stages_)
    if (!stage.lent && (free == nullptr || stage.staged)) free = &stage;
  if (free == nullptr) return;
  gs_texrender_reset(source_);
  const auto begin = [this] {
    return gs_texrender_begin_with_color_space(source_, static_cast<uint32_t>(width_),
                                               static_cast<uint32_t>(height_), GS_CS_SRGB);
  };
  if (!span.Driver(begin)) return;
  gs_blend_state_push();
  gs_blend_function_separate(GS_BLEND_SRCALPHA, GS_BLEND_INVSRCALPHA, GS_BLEND_ONE, GS_BLEND_INVSRCALPHA);
  struct vec4 nothing;
  vec4_zero(&nothing);
  gs_clear(GS_CLEAR_COLOR, &nothing, 0.0f, 0);
  gs_ortho(0.0f, static_cast<float>(width_), 0.0f, static_cast<float>(height_), -100.0f, 100.0f);
  const uint32_t flags = obs_source_get_output_flags(parent);
  span.Others([&] {
    if (target == parent && (flags & (OBS_SOURCE_CUSTOM_DRAW | OBS_SOURCE_ASYNC)) == 0)
      obs_source_default_render(target);
    else
      obs_source_video_render(target);
  });
  gs_blend_state_pop();
  gs_texrender_end(source_);
  span.Driver([&] { return gs_stage_texture(free->surface, gs_texrender_get_texture(source_)), true; });
  free->staged = true;
  free->time_ns = obs_get_video_frame_time();
}

void TexturePath::Draw(obs_source_t* filter) const {
  obs_source_t* target = obs_filter_get_target(filter);
  gs_texture_t* texture = textures_[shown_];
  gs_effect_t* effect = obs_get_base_effect(OBS_EFFECT_DEFAULT);
  gs_eparam_t* image = gs_effect_get_param_by_name(effect, "image");
  const bool linear = gs_get_linear_srgb();
  const bool before = gs_framebuffer_srgb_enabled();
  gs_enable_framebuffer_srgb(linear);
  if (linear)
    gs_effect_set_texture_srgb(image, texture);
  else
    gs_effect_set_texture(image, texture);
  gs_blend_state_push();
  gs_blend_function(GS_BLEND_ONE, GS_BLEND_INVSRCALPHA);
  while (gs_effect_loop(effect, "Draw"))
    gs_draw_sprite(texture, 0, obs_source_get_base_width(target), obs_source_get_base_height(target));
  gs_blend_state_pop();
  gs_enable_framebuffer_srgb(before);
}

bool TexturePath::Render(obs_source_t* filter, Painter& painter, RenderMeter::Span& span) {
  if (!rendered_) {
    rendered_ = true;
    if (Advance(filter, painter, span)) Capture(filter, span);
  }
  if (!shown_valid_) return false;
  span.Driver([&] { return Draw(filter), true; });
  return true;
}

// Once a frame, however often the source is drawn in it. Whether the source is to be read back.
bool TexturePath::Advance(obs_source_t* filter, Painter& painter, RenderMeter::Span& span) {
  obs_source_t* target = obs_filter_get_target(filter);
  const int width = static_cast<int>(std::min(obs_source_get_base_width(target), 1u << 14));
  const int height = static_cast<int>(std::min(obs_source_get_base_height(target), 1u << 14));
  Painter::Visit visit(painter);
  if (!visit) return false;
  const bool idle = visit.Idle();
  TakeBack(visit.TakeDone(), &span);
  const uint64_t now = obs_get_video_frame_time();
  // It was hidden, or painted in another way: what was shown then is no more.
  constexpr uint64_t kLongAgoNs = 500'000'000;
  if (now - advanced_ns_ > kLongAgoNs) {
    shown_valid_ = false;
    for (Stage& stage : stages_) stage.staged = false;
  }
  advanced_ns_ = now;
  if (width == 0 || height == 0 || !visit.Ready({width, height, TEMPERA_RGBA})) {
    shown_valid_ = false;
    return false;
  }
  if (width != width_ || height != height_) {
    if (!idle) return false;  // the old picture is drawn at the new size until what is being painted is there
    span.Driver([this] { return Release(), true; });
  }
  if (!span.Driver([&] { return Create(width, height); })) return false;
  HandOver(visit, span);
  return Due(visit.Idle());
}

}  // namespace tempera::plugins::obs
