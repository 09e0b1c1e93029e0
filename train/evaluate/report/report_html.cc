// The page: figures, charts and pictures in one file.
#include <algorithm>
#include <cmath>

#include "train/evaluate/report/measures.h"
#include "train/evaluate/report/svg_charts.h"

namespace tempera::evaluate {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tempera: styles measured</title>
<style>
:root { color-scheme: light dark; --back: #fff; --card: #f6f5f2; --ink: #1d1d1f; --soft: #65656b; --line: #dcdad4; --best: #1a7f4b;
  --c0: #1f5fbf; --c1: #d1495b; --c2: #2a9d5c; --c3: #b8860b; --c4: #7b4fb5; --c5: #0f8b9d; --c6: #c2571a; --c7: #77787d; }
@media (prefers-color-scheme: dark) { :root { --back: #161618; --card: #202024; --ink: #ececf0; --soft: #a0a0a8; --line: #38383e; --best: #57c98a;
  --c0: #6fa4f5; --c1: #f0788a; --c2: #5fcf90; --c3: #e3b341; --c4: #b692ee; --c5: #4cc4d6; --c6: #f0935a; --c7: #a5a6ab; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1500px; padding: 24px; background: var(--back); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 10px; } h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600; }
p { margin: 6px 0; } .soft, .soft td { color: var(--soft); font-size: 13px; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; width: max-content; min-width: 100%; }
th, td { padding: 4px 12px; text-align: right; white-space: nowrap; } tbody tr:nth-child(even) { background: var(--card); }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--back); }
tbody tr:nth-child(even) td:first-child { background: var(--card); }
thead th { border-bottom: 1px solid var(--line); vertical-align: bottom; } tr.group td { font-weight: 600; padding-top: 12px; background: var(--back) !important; }
td.best { color: var(--best); font-weight: 700; } td.none { color: var(--line); }
.settings td { padding: 1px 14px 1px 0; text-align: left; white-space: normal; background: none !important; position: static; } .settings table { width: auto; min-width: 0; }
.sheet { display: grid; grid-template-columns: 150px repeat(auto-fit, minmax(170px, 1fr)); gap: 8px; align-items: start; margin: 0 0 14px; }
.sheet img { width: 100%; display: block; border-radius: 4px; } .sheet .who { font-size: 13px; overflow-wrap: anywhere; } .sheet .who img { max-width: 110px; margin-top: 6px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); gap: 16px; } .card { background: var(--card); border-radius: 8px; padding: 12px; }
svg { width: 100%; height: auto; display: block; } .one svg { max-width: 900px; }
.grid { stroke: var(--line); stroke-width: 1; } .tick { fill: var(--soft); font-size: 11px; } .axis { fill: var(--soft); font-size: 12px; } .name { fill: var(--ink); font-size: 12px; }
.line { fill: none; stroke-width: 1.8; } .second { stroke-dasharray: 5 3; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); } .s6 { stroke: var(--c6); } .s7 { stroke: var(--c7); }
.dot { stroke: var(--back); } .dot.s0 { fill: var(--c0); } .dot.s1 { fill: var(--c1); } .dot.s2 { fill: var(--c2); } .dot.s3 { fill: var(--c3); } .dot.s4 { fill: var(--c4); } .dot.s5 { fill: var(--c5); } .dot.s6 { fill: var(--c6); } .dot.s7 { fill: var(--c7); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; margin: 6px 0 12px; } .legend svg { width: 26px; height: 10px; display: inline-block; margin-right: 6px; }
</style></head><body>
)";

std::string Base64(const std::vector<uint8_t>& bytes) {
  static const char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const uint32_t three = uint32_t{bytes[i]} << 16 | (left > 1 ? uint32_t{bytes[i + 1]} << 8 : 0u) |
                           (left > 2 ? bytes[i + 2] : 0u);
    text += kLetters[three >> 18];
    text += kLetters[three >> 12 & 63];
    text += left > 1 ? kLetters[three >> 6 & 63] : '=';
    text += left > 2 ? kLetters[three & 63] : '=';
  }
  return text;
}

// A picture in the page; at most 480 pixels a side.
Result<std::string> Img(const media::RgbImage& image, const std::string& alt) {
  constexpr double kMost = 480;
  const double scale = std::min(1.0, kMost / std::max(image.width, image.height));
  TEMPERA_ASSIGN_OR_RETURN(
      const media::RgbImage small,
      media::ResizeImage(image, std::max(1, static_cast<int>(std::lround(image.width * scale))),
                         std::max(1, static_cast<int>(std::lround(image.height * scale)))));
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> jpeg, media::EncodeImage("picture.jpg", small));
  return "<img alt=\"" + HtmlText(alt) + "\" src=\"data:image/jpeg;base64," + Base64(jpeg) + "\">";
}

bool IsCompared(const Row& row) { return row.kind == Row::Kind::kModel || row.kind == Row::Kind::kGatys; }

// How far from what would be best: less is better.
double Shortfall(const Measure& m, double value) {
  if (m.better == Better::kHigher) return -value;
  return m.better == Better::kOne ? std::abs(value - 1) : value;
}

std::string FiguresTable(const Findings& findings) {
  std::string html = "<div class=\"wide\"><table><thead><tr><th></th>";
  for (const Row& row : findings.rows) html += "<th>" + HtmlText(row.Name()) + "</th>";
  html += "</tr></thead><tbody>\n";
  std::string group;
  for (const Measure& m : Measures()) {
    double best = 1e300, worst = -1e300;
    int values = 0, compared = 0;
    for (const Row& row : findings.rows) {
      const auto it = row.values.find(m.key);
      if (it == row.values.end()) continue;
      ++values;
      if (!IsCompared(row)) continue;
      ++compared;
      best = std::min(best, Shortfall(m, it->second));
      worst = std::max(worst, Shortfall(m, it->second));
    }
    if (values == 0) continue;
    if (group != m.group) {
      group = m.group;
      html += "<tr class=\"group\"><td colspan=\"" + std::to_string(findings.rows.size() + 1) + "\">" +
              group + "</td></tr>\n";
    }
    html += "<tr><td>" + HtmlText(m.title) + "</td>";
    for (const Row& row : findings.rows) {
      const auto it = row.values.find(m.key);
      if (it == row.values.end()) {
        html += "<td class=\"none\">-</td>";
        continue;
      }
      const bool is_best = compared > 1 && best < worst && IsCompared(row) && m.better != Better::kNeither &&
                           Shortfall(m, it->second) == best;
      html += (is_best ? "<td class=\"best\">" : "<td>") + ValueText(m, it->second) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

// Steadiness against style: the first measure of steadiness that models have a figure of.
std::string Scatter(const Findings& findings) {
  for (const char* key : {"warp_1", "e_stab_truth", "e_stab_scenes", "still_noise"}) {
    std::vector<ScatterPoint> points;
    for (size_t i = 0; i < findings.rows.size(); ++i) {
      const Row& row = findings.rows[i];
      const auto x = row.values.find("style_loss"), y = row.values.find(key);
      if (x != row.values.end() && y != row.values.end())
        points.push_back({row.Name(), x->second, y->second, i});
    }
    const bool any = std::any_of(points.begin(), points.end(), [&](const ScatterPoint& p) {
      return findings.rows[p.series].kind == Row::Kind::kModel;
    });
    if (!any) continue;
    std::string title;
    for (const Measure& m : Measures()) {
      if (std::string(m.key) == key) title = m.title;
    }
    return "<h2>Steadiness against style</h2><p class=\"soft\">Best is the lower left corner: painted, and "
           "at rest. The "
           "unstyled photographs stand at style loss 1.</p><div class=\"one\">" +
           ScatterSvg(points, "style loss (0 = the painting's textures, 1 = unstyled)", title) + "</div>\n";
  }
  return "";
}

std::string Curves(const Findings& findings) {
  std::map<std::string, std::vector<Line>> charts;
  std::vector<bool> drawn(findings.rows.size());
  for (size_t i = 0; i < findings.rows.size(); ++i) {
    for (const auto& [name, values] : findings.rows[i].curves) {
      if (values.size() < 2) continue;
      charts[name].push_back({findings.rows[i].Name(), values, i});
      drawn[i] = true;
    }
  }
  if (charts.empty()) return "";
  std::string html = "<h2>Over time</h2><div class=\"legend\">";
  for (size_t i = 0; i < findings.rows.size(); ++i) {
    if (!drawn[i]) continue;
    html += "<span><svg viewBox=\"0 0 26 10\"><line class=\"line s" + std::to_string(i % 8) +
            (i >= 8 ? " second" : "") + "\" x1=\"0\" x2=\"26\" y1=\"5\" y2=\"5\"/></svg>" +
            HtmlText(findings.rows[i].Name()) + "</span>";
  }
  html += "</div><div class=\"charts\">\n";
  for (const auto& [name, lines] : charts) {
    html += "<div class=\"card\"><h3>" + HtmlText(name) + "</h3>" +
            CurvesSvg(lines, name.starts_with("loop")) + "</div>\n";
  }
  return html + "</div>\n";
}

Result<std::string> Sheets(const Findings& findings) {
  if (findings.photographs.empty()) return std::string();
  std::string html = "<h2>Pictures</h2>\n";
  for (const Row::Kind kind : {Row::Kind::kSource, Row::Kind::kModel, Row::Kind::kGatys}) {
    for (const Row& row : findings.rows) {
      if (row.kind != kind || row.sheet.empty()) continue;
      html += "<div class=\"sheet\"><div class=\"who\"><b>" + HtmlText(row.Name()) + "</b>";
      if (!row.title.empty()) html += "<br>" + HtmlText(row.title);
      for (const auto& [path, image] : findings.paintings) {
        if (path != row.painting) continue;
        TEMPERA_ASSIGN_OR_RETURN(const std::string img, Img(image, "the painting"));
        html += img;
      }
      html += "</div>";
      for (const media::RgbImage& picture : row.sheet) {
        TEMPERA_ASSIGN_OR_RETURN(const std::string img, Img(picture, row.Name()));
        html += img;
      }
      html += "</div>\n";
    }
  }
  return html;
}

// Figures of single clips and films.
std::string EachTable(const Findings& findings) {
  std::map<std::string, bool> keys;
  for (const Row& row : findings.rows) {
    for (const auto& [key, value] : row.values) {
      if (key.find(' ') != std::string::npos) keys[key] = true;
    }
  }
  if (keys.empty()) return "";
  static const Measure kPlain = {"", "", "", 4, Better::kLower};
  std::string html = "<h2>Each clip, film and scene</h2><div class=\"wide\"><table><thead><tr><th></th>";
  std::vector<const Row*> rows;
  for (const Row& row : findings.rows) {
    if (row.kind == Row::Kind::kModel || row.kind == Row::Kind::kSource) rows.push_back(&row);
  }
  for (const Row* row : rows) html += "<th>" + HtmlText(row->Name()) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const auto& [key, unused] : keys) {
    html += "<tr><td>" + HtmlText(key) + "</td>";
    for (const Row* row : rows) {
      const auto it = row->values.find(key);
      html += it == row->values.end() ? "<td class=\"none\">-</td>"
                                      : "<td>" + ValueText(kPlain, it->second) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

Result<std::string> HtmlReport(const Findings& findings) {
  std::string html = kHead;
  html +=
      "<h1>Styles measured</h1><p class=\"soft\">by tempera evaluate; docs/evaluation.md says what each "
      "figure means. "
      "Green is the best of the models in a line.</p>\n";
  html += Scatter(findings);
  html += "<h2>Figures</h2>\n" + FiguresTable(findings);
  TEMPERA_ASSIGN_OR_RETURN(const std::string sheets, Sheets(findings));
  html += sheets + Curves(findings) + EachTable(findings);
  html += "<h2>How it was measured</h2><div class=\"settings\"><table class=\"soft\">";
  for (const auto& [key, value] : findings.settings) {
    if (!value.empty()) html += "<tr><td>" + HtmlText(key) + "</td><td>" + HtmlText(value) + "</td></tr>\n";
  }
  html += "</table></div>\n";
  for (const std::string& note : findings.notes) html += "<p class=\"soft\">" + HtmlText(note) + "</p>\n";
  return html + "</body></html>\n";
}

}  // namespace tempera::evaluate
