// What is measured: names, what is better, and the rows in which the figures stand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "media/image.h"

namespace tempera::evaluate {

enum class Better { kLower, kHigher, kNeither, kOne };  // kOne: the nearer to 1

struct Measure {
  const char* key;    // in JSON
  const char* group;  // under which it stands
  const char* title;  // for people
  int decimals;
  Better better;
};
// In the order in which they are shown.
const std::vector<Measure>& Measures();
// Three significant digits and more: "0.0103", "14.5", "0.00025".
std::string ValueText(const Measure& measure, double value);

struct Row {
  enum class Kind { kModel, kSource, kPainting, kGatys };
  Kind kind = Kind::kModel;
  std::string model;     // its file's name without .onnx; "photographs", "painting", "gatys"
  std::string style;     // short name; "" where a model has one
  std::string title;     // the style's, for people; may be ""
  std::string painting;  // the picture compared with; "" where there is none
  std::map<std::string, double> values;
  // A figure over time, by what is shown and where: "warping error, k = 1: walk".
  std::map<std::string, std::vector<double>> curves;
  std::vector<media::RgbImage> sheet;  // a few paintings, the photographs' order

  std::string Name() const { return style.empty() ? model : model + ":" + style; }
};

// All that a run found out.
struct Findings {
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> notes;  // what was left out, and why
  std::vector<Row> rows;
  std::vector<media::RgbImage> photographs;                        // of the sheets
  std::vector<std::pair<std::string, media::RgbImage>> paintings;  // small, by path
};

std::string TextTable(const Findings& findings);
std::string JsonText(const Findings& findings);
// One page, all in it.
Result<std::string> HtmlReport(const Findings& findings);

}  // namespace tempera::evaluate
