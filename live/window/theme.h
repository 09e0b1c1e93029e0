// How the window looks: near-black, greys, and one colour, that of the yolk tempera is made with.
#pragma once

#include <imgui.h>

#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::live::theme {

inline constexpr ImU32 kBackground = IM_COL32(10, 11, 13, 255);
inline constexpr ImU32 kPanel = IM_COL32(20, 22, 26, 255);
inline constexpr ImU32 kField = IM_COL32(32, 35, 41, 255);
inline constexpr ImU32 kFieldHovered = IM_COL32(43, 47, 54, 255);
inline constexpr ImU32 kLine = IM_COL32(38, 41, 48, 255);
inline constexpr ImU32 kText = IM_COL32(231, 233, 236, 255);
inline constexpr ImU32 kMuted = IM_COL32(139, 146, 156, 255);
inline constexpr ImU32 kAccent = IM_COL32(242, 180, 60, 255);
inline constexpr ImU32 kAccentDim = IM_COL32(242, 180, 60, 56);
inline constexpr ImU32 kOnAccent = IM_COL32(28, 20, 4, 255);
inline constexpr ImU32 kRecord = IM_COL32(232, 72, 66, 255);
inline constexpr ImU32 kShade = IM_COL32(8, 9, 11, 208);

// Of the current ImGui context: colours and distances, for texts `scale` times as large as usual.
void Apply(float scale);

struct Fonts {
  ImFont* text = nullptr;
  ImFont* small = nullptr;
  ImFont* large = nullptr;  // figures
  // Smooth discs drawn beforehand, among the letters: SDL's software renderer puts triangles' corners on
  // whole pixels, and small circles of them are not round.
  struct Disc {
    int radius = 0;  // pixels
    ImVec2 uv0, uv1;
  };
  std::vector<Disc> discs;
};

// A disc; of the sizes above round in any renderer.
void Disc(const Fonts& fonts, ImDrawList* list, ImVec2 centre, float radius, ImU32 color);

// The context's fonts, for every letter of `texts` besides those of Europe's languages. `path`: a font file;
// "": one that is found, or else the letters that ImGui brings along. An error names a file that was asked
// for.
Status LoadFonts(const std::string& path, float scale, const std::vector<std::string>& texts,
                 int largest_texture, Fonts* fonts);

}  // namespace tempera::live::theme
