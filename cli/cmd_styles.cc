// tempera styles: the bundled styles and masks, as tables, as JSON, as pictures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/json/json.h"
#include "cli/mask/mask_library.h"
#include "cli/style_library.h"
#include "media/image.h"
#include "tempera/tempera.hpp"

namespace tempera::cli {
namespace {

struct StylesOptions {
  bool json = false, masks = false;
  std::string preview;
};

// Columns a terminal shows for UTF-8 text: bytes that begin a character.
int Columns(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// A file may say anything; JSON has it whole.
constexpr size_t kWidth = 48;

// The first `left` columns begin at the left, the others, which are numbers, end at the right.
void PrintRows(const std::vector<std::vector<std::string>>& rows, size_t left) {
  std::vector<int> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(static_cast<size_t>(widths[i] - Columns(row[i])), ' ');
      line += i < left ? row[i] + pad + "  " : pad + row[i] + "  ";
    }
    std::printf("%s\n", line.substr(0, line.find_last_not_of(' ') + 1).c_str());
  }
}

std::string Kilobytes(int64_t bytes) { return std::to_string((bytes + 500) / 1000) + " KB"; }

void PrintTable(const std::vector<Style>& styles) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "TITLE", "ARTIST", "YEAR", "PARAMETERS", "FILE"}};
  for (const Style& s : styles) {
    rows.push_back({Printable(s.name, kWidth), Printable(s.title, kWidth), Printable(s.artist, kWidth),
                    Printable(s.year, kWidth), s.parameters < 0 ? "-" : std::to_string(s.parameters),
                    Kilobytes(s.file_size_bytes)});
  }
  PrintRows(rows, 4);
}

void PrintMasks(const std::vector<BundledMask>& masks) {
  std::vector<std::vector<std::string>> rows = {{"MASK", "CLASSES", "FILE"}};
  for (const BundledMask& mask : masks) {
    std::string classes;
    for (const std::string& name : mask.classes) classes += (classes.empty() ? "" : ", ") + name;
    rows.push_back(
        {Printable(mask.name, kWidth), Printable(classes, kWidth), Kilobytes(mask.file_size_bytes)});
  }
  PrintRows(rows, 2);
}

void PrintMasksJson(const std::vector<BundledMask>& masks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const BundledMask& mask : masks) {
    list.push_back({{"name", mask.name},
                    {"title", mask.title},
                    {"license", mask.license},
                    {"classes", mask.classes},
                    {"file_size_bytes", mask.file_size_bytes},
                    {"path", mask.path}});
  }
  std::printf("%s\n", ReadableJson(list).c_str());
}

void PrintJson(const std::vector<Style>& styles) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Style& s : styles) {
    list.push_back(
        {{"name", s.name},
         {"title", s.title},
         {"artist", s.artist},
         {"year", s.year},
         {"license", s.license},
         {"parameters", s.parameters < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(s.parameters)},
         {"file_size_bytes", s.file_size_bytes},
         {"path", s.path},
         {"style", s.style.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(s.style)}});
  }
  // Metadata may hold anything; JSON may not.
  std::printf("%s\n", ReadableJson(list).c_str());
}

Status PaintPreview(const Style& style, const media::RgbImage& sample, const std::string& path) {
  Expected<Stylizer> opened = Stylizer::Open(style.path);
  if (!opened) return InvalidArgument(opened.error().message);
  if (!style.style.empty()) {
    if (const Error error = opened->SetStyle(style.style)) return InvalidArgument(error.message);
  }
  media::RgbImage painted = sample;
  const tempera_image in = MakeImage(TEMPERA_RGB, sample.pixels.data(), sample.width, sample.height);
  const tempera_image out = MakeImage(TEMPERA_RGB, painted.pixels.data(), painted.width, painted.height);
  if (const Error error = opened->Process(in, out)) return InvalidArgument(style.path + ": " + error.message);
  return media::WriteImage(path, painted);
}

Status PaintPreviews(const std::vector<Style>& styles, const std::string& folder) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string sample_path, SampleFramePath());
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage sample, media::ReadImage(sample_path));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return IoError("cannot make the folder " + folder + ": " + error.message());
  TEMPERA_RETURN_IF_ERROR(media::WriteImage(folder + "/source.png", sample));
  for (const Style& style : styles) {
    if (style.parameters < 0) continue;  // there was a note
    const std::string path = folder + "/" + style.name + ".png";
    TEMPERA_RETURN_IF_ERROR(PaintPreview(style, sample, path));
    std::fprintf(stderr, "%s\n", Printable(path).c_str());
  }
  return OkStatus();
}

int RunMasks(const StylesOptions& options) {
  if (!options.preview.empty()) return FailUsage("styles", "--preview paints styles: leave --masks out");
  const Result<std::vector<BundledMask>> masks = ListMasks();
  if (!masks.ok()) return Fail(masks.status());
  options.json ? PrintMasksJson(*masks) : PrintMasks(*masks);
  return kExitOk;
}

}  // namespace

Run SetUpStyles(CLI::App& verb) {
  auto options = std::make_shared<StylesOptions>();
  verb.add_flag("--json", options->json, "A JSON list of objects instead of a table");
  verb.add_flag("--masks", options->masks, "The bundled masks alone, for --mask");
  verb.add_option("--preview", options->preview,
                  "Also paint the sample frame in each style, into this folder")
      ->type_name("DIR");
  return [options] {
    if (options->masks) return RunMasks(*options);
    const Result<std::vector<Style>> styles = ListStyles();
    if (!styles.ok()) return Fail(styles.status());
    if (!options->preview.empty()) {
      const Status painted = PaintPreviews(*styles, options->preview);
      if (!painted.ok()) return Fail(painted);
    }
    if (styles->empty()) Note("no style lies in " + *StylesFolder() + "; train one with 'tempera train'");
    options->json ? PrintJson(*styles) : PrintTable(*styles);
    // Behind an empty line; a folder of styles may lie without them.
    const Result<std::vector<BundledMask>> masks = ListMasks();
    if (!options->json && masks.ok() && !masks->empty()) {
      std::printf("\n");
      PrintMasks(*masks);
    }
    return kExitOk;
  };
}

}  // namespace tempera::cli
