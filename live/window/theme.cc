#include "live/window/theme.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tempera::live::theme {
namespace {

ImVec4 Color(ImU32 color) { return ImGui::ColorConvertU32ToFloat4(color); }

// Where fonts are looked for, and how much larger they are asked for so that their capitals are as high as
// DejaVu's at the same size (ImGui counts a font's height with all its room above and below).
struct Family {
  const char* file;
  float larger;
};
// What is found, dearest first: of Debian's fonts-inter, fonts-open-sans, fonts-noto-core, fonts-roboto,
// fonts-lato, fonts-dejavu-core and fonts-liberation, and where other systems have the same.
constexpr Family kFamilies[] = {
    {"truetype/open-sans/OpenSans-Regular.ttf", 1.17f},
    {"opentype/inter/Inter-Regular.otf", 1.05f},
    {"truetype/noto/NotoSans-Regular.ttf", 1.17f},
    {"noto/NotoSans-Regular.ttf", 1.17f},
    {"truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf", 1.03f},
    {"truetype/lato/Lato-Regular.ttf", 1.05f},
    {"truetype/dejavu/DejaVuSans.ttf", 1},
    {"dejavu/DejaVuSans.ttf", 1},
    {"TTF/DejaVuSans.ttf", 1},
    {"truetype/liberation/LiberationSans-Regular.ttf", 1},
};
// For Chinese, Japanese and Korean: of fonts-noto-cjk, fonts-droid-fallback, fonts-wqy-microhei.
constexpr Family kEastAsia[] = {
    {"opentype/noto/NotoSansCJK-Regular.ttc", 1.1f},
    {"truetype/droid/DroidSansFallbackFull.ttf", 1},
    {"truetype/wqy/wqy-microhei.ttc", 1},
};

struct FoundFont {
  std::string path;  // "": none
  float larger = 1;
};

template <size_t n>
FoundFont Find(const Family (&families)[n]) {
  std::vector<std::string> folders = {"/usr/share/fonts/", "/usr/local/share/fonts/"};
  if (const char* home = std::getenv("HOME")) folders.push_back(std::string(home) + "/.local/share/fonts/");
  for (const Family& family : families) {
    for (const std::string& folder : folders) {
      std::error_code error;
      if (std::filesystem::is_regular_file(folder + family.file, error))
        return {folder + family.file, family.larger};
    }
  }
  return {};
}

// The reader of fonts trusts a file that begins like a font; others it refuses loudly.
bool LooksLikeAFont(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  unsigned char head[4] = {};
  const bool read = std::fread(head, 1, 4, file) == 4;
  std::fclose(file);
  const std::string tag(reinterpret_cast<const char*>(head), 4);
  return read && (tag == std::string("\0\1\0\0", 4) || tag == "OTTO" || tag == "true" || tag == "ttcf");
}

// Of a usual display's pixels.
constexpr float kDiscs[] = {4, 6, 7, 8, 10, 13};

// One for each size; a pixel wider on all sides, for the edge.
std::vector<int> ReserveDiscs(ImFontAtlas* atlas, float scale, Fonts* fonts) {
  std::vector<int> places;
  fonts->discs.clear();
  for (const float size : kDiscs) {
    const int radius = static_cast<int>(std::lround(size * scale)), side = 2 * radius + 2;
    fonts->discs.push_back({radius, {}, {}});
    places.push_back(atlas->AddCustomRectRegular(side, side));
  }
  return places;
}

void FillDiscs(ImFontAtlas* atlas, const std::vector<int>& places, Fonts* fonts) {
  unsigned char* alpha = nullptr;
  int width = 0, height = 0;
  atlas->GetTexDataAsAlpha8(&alpha, &width, &height);
  for (size_t i = 0; i < places.size(); ++i) {
    const ImFontAtlasCustomRect* rect = atlas->GetCustomRectByIndex(places[i]);
    atlas->CalcCustomRectUV(rect, &fonts->discs[i].uv0, &fonts->discs[i].uv1);
    const float middle = static_cast<float>(rect->Width) / 2,
                radius = static_cast<float>(fonts->discs[i].radius);
    for (int y = 0; y < rect->Height; ++y) {
      for (int x = 0; x < rect->Width; ++x) {
        const float away =
            std::hypot(static_cast<float>(x) + 0.5f - middle, static_cast<float>(y) + 0.5f - middle);
        alpha[(rect->Y + y) * width + rect->X + x] =
            static_cast<unsigned char>(255 * std::clamp(radius - away + 0.5f, 0.0f, 1.0f));
      }
    }
  }
}

}  // namespace

void Disc(const Fonts& fonts, ImDrawList* list, ImVec2 centre, float radius, ImU32 color) {
  for (const Fonts::Disc& disc : fonts.discs) {
    if (std::abs(radius - static_cast<float>(disc.radius)) > 0.51f) continue;
    const auto half = static_cast<float>(disc.radius + 1);
    const ImVec2 from(std::round(centre.x - half), std::round(centre.y - half));
    list->AddImage(ImGui::GetIO().Fonts->TexID, from, ImVec2(from.x + 2 * half, from.y + 2 * half), disc.uv0,
                   disc.uv1, color);
    return;
  }
  list->AddCircleFilled(centre, radius, color, 32);
}

void Apply(float scale) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  ImGui::StyleColorsDark(&style);
  style.WindowPadding = ImVec2(16, 16);
  style.FramePadding = ImVec2(10, 6);
  style.ItemSpacing = ImVec2(8, 8);
  style.ItemInnerSpacing = ImVec2(8, 6);
  style.ScrollbarSize = 9;
  style.ScrollbarRounding = 5;
  style.FrameRounding = 6;
  style.PopupRounding = 8;
  style.WindowRounding = 0;
  style.ChildRounding = 8;
  style.WindowBorderSize = 0;
  style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  style.FrameBorderSize = 0;
  // Lines by texture want nearest sampling rules that SDL's renderers do not share.
  style.AntiAliasedLinesUseTex = false;
  style.ScaleAllSizes(scale);
  ImVec4* colors = style.Colors;
  colors[ImGuiCol_Text] = Color(kText);
  colors[ImGuiCol_TextDisabled] = Color(kMuted);
  colors[ImGuiCol_WindowBg] = Color(kPanel);
  colors[ImGuiCol_ChildBg] = ImVec4(0, 0, 0, 0);
  colors[ImGuiCol_PopupBg] = Color(IM_COL32(27, 30, 35, 252));
  colors[ImGuiCol_Border] = Color(kLine);
  colors[ImGuiCol_Separator] = Color(kLine);
  colors[ImGuiCol_FrameBg] = colors[ImGuiCol_Button] = Color(kField);
  colors[ImGuiCol_FrameBgHovered] = colors[ImGuiCol_ButtonHovered] = Color(kFieldHovered);
  colors[ImGuiCol_FrameBgActive] = colors[ImGuiCol_ButtonActive] = Color(IM_COL32(54, 58, 66, 255));
  colors[ImGuiCol_Header] = Color(kAccentDim);
  colors[ImGuiCol_HeaderHovered] = Color(kFieldHovered);
  colors[ImGuiCol_HeaderActive] = Color(kAccentDim);
  colors[ImGuiCol_ScrollbarBg] = ImVec4(0, 0, 0, 0);
  colors[ImGuiCol_ScrollbarGrab] = Color(IM_COL32(58, 62, 70, 255));
  colors[ImGuiCol_ScrollbarGrabHovered] = Color(IM_COL32(78, 83, 92, 255));
  colors[ImGuiCol_ScrollbarGrabActive] = Color(kAccent);
  colors[ImGuiCol_TextSelectedBg] = Color(kAccentDim);
  colors[ImGuiCol_CheckMark] = colors[ImGuiCol_SliderGrab] = Color(kAccent);
}

Status LoadFonts(const std::string& path, float scale, const std::vector<std::string>& texts,
                 int largest_texture, Fonts* fonts) {
  if (!path.empty() && !LooksLikeAFont(path))
    return InvalidArgument("'" + path + "' is not a TrueType or OpenType font file that can be read");
  const FoundFont regular = path.empty() ? Find(kFamilies) : FoundFont{path, 1};
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  atlas->Clear();
  atlas->Flags |= ImFontAtlasFlags_NoBakedLines;
  atlas->TexDesiredWidth = largest_texture > 0 && largest_texture < 4096 ? 1024 : 0;

  static const ImWchar kEurope[] = {0x0020, 0x024f, 0x0370, 0x0523, 0x2010, 0x2027, 0x2030, 0x203a,
                                    0x20ac, 0x20ac, 0x2190, 0x2193, 0x2212, 0x2212, 0};
  ImFontGlyphRangesBuilder builder;
  bool east_asia = false;
  builder.AddRanges(kEurope);
  for (const std::string& text : texts) {
    builder.AddText(text.c_str());
    // In UTF-8, U+2E80 and beyond begin with 0xE2 0xBA or more.
    for (size_t i = 0; i + 1 < text.size(); ++i) {
      const auto a = static_cast<unsigned char>(text[i]), b = static_cast<unsigned char>(text[i + 1]);
      east_asia |= (a == 0xe2 && b >= 0xba) || (a >= 0xe3 && a < 0xf0);
    }
  }
  // The atlas points into it until it is built.
  ImVector<ImWchar> letters;
  builder.BuildRanges(&letters);
  const FoundFont east = east_asia ? Find(kEastAsia) : FoundFont();
  const auto add = [&](float size) {
    ImFontConfig config;
    config.OversampleH = scale >= 2 ? 1 : 2;
    config.PixelSnapH = true;
    const float pixels = std::round(size * scale);
    ImFont* font = nullptr;
    if (LooksLikeAFont(regular.path))
      font = atlas->AddFontFromFileTTF(regular.path.c_str(), std::round(pixels * regular.larger), &config,
                                       letters.Data);
    if (font == nullptr) {
      ImFontConfig own;
      own.SizePixels = 13 * std::max(1.0f, std::round(pixels / 13));
      return atlas->AddFontDefault(&own);
    }
    if (LooksLikeAFont(east.path)) {
      config.MergeMode = true;
      atlas->AddFontFromFileTTF(east.path.c_str(), std::round(pixels * east.larger), &config, letters.Data);
    }
    return font;
  };
  fonts->text = add(16);
  fonts->small = add(13.5f);
  fonts->large = add(21);
  const std::vector<int> discs = ReserveDiscs(atlas, scale, fonts);
  if (!atlas->Build())
    return InvalidArgument("'" + regular.path + "' is a font whose letters cannot be drawn");
  FillDiscs(atlas, discs, fonts);
  return OkStatus();
}

}  // namespace tempera::live::theme
