#include "train/evaluate/report/measures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "src/base/text/one_line.h"

namespace tempera::evaluate {

const std::vector<Measure>& Measures() {
  static const std::vector<Measure> kMeasures = {
      {"style_loss", "losses", "style loss", 3, Better::kLower},
      {"content_loss", "losses", "content loss", 3, Better::kLower},
      {"style_loss_relu1_1", "losses", "  at relu1_1", 3, Better::kLower},
      {"style_loss_relu2_1", "losses", "  at relu2_1", 3, Better::kLower},
      {"style_loss_relu3_1", "losses", "  at relu3_1", 3, Better::kLower},
      {"style_loss_relu4_1", "losses", "  at relu4_1", 3, Better::kLower},
      {"anchor_style_loss", "losses", "style, anchor's photographs", 3, Better::kLower},
      {"anchor_content_loss", "losses", "content, anchor's photographs", 3, Better::kLower},
      {"sifid", "losses", "SIFID (VGG relu2_2)", 2, Better::kLower},
      {"feature_distance", "losses", "feature distance to source", 3, Better::kLower},
      {"colour_distance", "hand", "colour distance", 2, Better::kLower},
      {"stroke_period", "hand", "stroke period, px", 1, Better::kHigher},
      {"edge_alignment", "hand", "edge alignment", 3, Better::kHigher},
      {"repetition", "hand", "repetition", 3, Better::kLower},
      {"repetition_over_painting", "hand", "  over the painting's", 3, Better::kLower},
      {"weave_2px", "hand", "weave at 2 px, dB", 1, Better::kLower},
      {"weave_4px", "hand", "weave at 4 px, dB", 1, Better::kLower},
      {"weave_8px", "hand", "weave at 8 px, dB", 1, Better::kLower},
      {"border_energy", "hand", "border energy", 2, Better::kOne},
      {"outlier_blobs", "hand", "outlier blobs / Mpx", 1, Better::kLower},
      {"warp_1", "clips", "warping error, k = 1", 5, Better::kLower},
      {"warp_10", "clips", "warping error, k = 10", 5, Better::kLower},
      {"e_stab_scenes", "steadiness", "e_stab, rendered scenes", 4, Better::kLower},
      {"e_stab_truth", "steadiness", "e_stab, films with truth", 4, Better::kLower},
      {"still_noise", "steadiness", "noise of a still", 2, Better::kLower},
      {"exposure_gain", "steadiness", "slow exposure, gain", 2, Better::kLower},
      {"exposure_jump", "steadiness", "slow exposure, largest jump", 1, Better::kOne},
      {"loop_colour", "steadiness", "loop: colour, %", 2, Better::kLower},
      {"loop_contrast", "steadiness", "loop: contrast, %", 2, Better::kLower},
      {"loop_sharpness", "steadiness", "loop: sharpness, %", 2, Better::kLower},
      {"ghost_sharpness", "steadiness", "moving edge, sharpness kept", 3, Better::kOne},
      {"teacher_psnr", "fidelity", "PSNR to teacher, dB", 1, Better::kHigher},
      {"teacher_ssim", "fidelity", "SSIM to teacher", 3, Better::kHigher},
      {"teacher_feature_distance", "fidelity", "feature distance to teacher", 3, Better::kLower},
      {"ms_360p", "cost", "ms at 640x360, median", 2, Better::kLower},
      {"ms_360p_min", "cost", "  minimum", 2, Better::kLower},
      {"ms_720p", "cost", "ms at 1280x720, median", 2, Better::kLower},
      {"ms_720p_min", "cost", "  minimum", 2, Better::kLower},
      {"parameters", "cost", "parameters", 0, Better::kLower},
      {"bytes", "cost", "bytes", 0, Better::kLower},
      {"gmacs", "cost", "GMAC at 640x360", 3, Better::kLower},
  };
  return kMeasures;
}

std::string ValueText(const Measure& measure, double value) {
  char text[64];
  int decimals = measure.decimals;
  // Small errors keep two digits that mean something.
  while (decimals > 0 && decimals < 8 && value != 0 && std::abs(value) < 10 * std::pow(10.0, -decimals))
    ++decimals;
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string TextTable(const Findings& findings) {
  std::string text;
  size_t wide = 0;
  for (const Measure& m : Measures()) wide = std::max(wide, std::string(m.title).size());
  constexpr size_t kColumns = 6;  // within 132 characters
  for (size_t first = 0; first < findings.rows.size(); first += kColumns) {
    const size_t last = std::min(findings.rows.size(), first + kColumns);
    std::vector<size_t> widths;
    std::string line(wide, ' ');
    for (size_t r = first; r < last; ++r) {
      const std::string name = OneLine(findings.rows[r].Name());
      widths.push_back(std::max<size_t>(10, name.size()));
      line += "  " + std::string(widths.back() - name.size(), ' ') + name;
    }
    text += (first > 0 ? "\n" : "") + line + "\n";
    for (const Measure& m : Measures()) {
      line = m.title + std::string(wide - std::string(m.title).size(), ' ');
      bool any = false;
      for (size_t r = first; r < last; ++r) {
        const auto it = findings.rows[r].values.find(m.key);
        const std::string cell = it == findings.rows[r].values.end() ? "-" : ValueText(m, it->second);
        any |= it != findings.rows[r].values.end();
        const size_t width = widths[r - first];
        line += "  " + std::string(width > cell.size() ? width - cell.size() : 0, ' ') + cell;
      }
      if (any) text += line + "\n";
    }
  }
  for (const std::string& note : findings.notes) text += "note: " + OneLine(note) + "\n";
  return text;
}

std::string JsonText(const Findings& findings) {
  using Json = nlohmann::ordered_json;
  static const char* const kKinds[] = {"model", "photographs", "painting", "gatys"};
  Json json;
  json["evaluate"] = 1;
  for (const auto& [key, value] : findings.settings) json["settings"][key] = value;
  json["notes"] = findings.notes;
  json["rows"] = Json::array();
  for (const Row& row : findings.rows) {
    Json r = {{"kind", kKinds[static_cast<size_t>(row.kind)]},
              {"model", row.model},
              {"style", row.style},
              {"title", row.title},
              {"painting", row.painting}};
    r["values"] = Json::object();
    for (const Measure& m : Measures()) {
      const auto it = row.values.find(m.key);
      if (it != row.values.end()) r["values"][m.key] = it->second;
    }
    // Figures of single clips and scenes, which have no fixed names.
    r["each"] = Json::object();
    for (const auto& [key, value] : row.values) {
      if (key.find(' ') != std::string::npos) r["each"][key] = value;
    }
    r["curves"] = Json::object();
    for (const auto& [key, curve] : row.curves) r["curves"][key] = curve;
    json["rows"].push_back(std::move(r));
  }
  // File names may hold any bytes.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tempera::evaluate
