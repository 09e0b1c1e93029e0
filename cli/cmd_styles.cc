// tempera styles: the bundled styles, as a table, as JSON, as pictures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/style_library.h"
#include "media/image.h"
#include "tempera/tempera.hpp"

namespace tempera::cli {
namespace {

struct StylesOptions {
  bool json = false;
  std::string preview;
};

void PrintTable(const std::vector<Style>& styles) {
  size_t name = 4, title = 5, artist = 6;
  for (const Style& s : styles) {
    name = std::max(name, s.name.size());
    title = std::max(title, s.title.size());
    artist = std::max(artist, s.artist.size());
  }
  const auto row = [&](const std::string& a, const std::string& b, const std::string& c, const std::string& d,
                       const std::string& e, const std::string& f) {
    std::printf("%-*s  %-*s  %-*s  %9s  %10s  %s\n", static_cast<int>(name), a.c_str(),
                static_cast<int>(title), b.c_str(), static_cast<int>(artist), c.c_str(), e.c_str(), f.c_str(),
                d.c_str());
  };
  row("NAME", "TITLE", "ARTIST", "YEAR", "FILE", "PARAMETERS");
  for (const Style& s : styles) {
    row(s.name, s.title, s.artist, s.year, std::to_string((s.file_size_bytes + 500) / 1000) + " KB",
        std::to_string(s.parameters));
  }
}

void PrintJson(const std::vector<Style>& styles) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Style& s : styles) {
    list.push_back({{"name", s.name},
                    {"title", s.title},
                    {"artist", s.artist},
                    {"year", s.year},
                    {"license", s.license},
                    {"parameters", s.parameters},
                    {"file_size_bytes", s.file_size_bytes},
                    {"path", s.path}});
  }
  // Metadata may hold anything; JSON may not.
  std::printf("%s\n", list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

Status PaintPreview(const Style& style, const media::RgbImage& sample, const std::string& path) {
  Expected<Stylizer> opened = Stylizer::Open(style.path);
  if (!opened) return InvalidArgument(opened.error().message);
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
    const std::string path = folder + "/" + style.name + ".png";
    TEMPERA_RETURN_IF_ERROR(PaintPreview(style, sample, path));
    std::fprintf(stderr, "%s\n", path.c_str());
  }
  return OkStatus();
}

}  // namespace

Run SetUpStyles(CLI::App& verb) {
  auto options = std::make_shared<StylesOptions>();
  verb.add_flag("--json", options->json, "A JSON list of objects instead of a table");
  verb.add_option("--preview", options->preview,
                  "Also paint the sample frame in each style, into this folder")
      ->type_name("DIR");
  return [options] {
    const Result<std::vector<Style>> styles = ListStyles();
    if (!styles.ok()) return Fail(styles.status());
    if (!options->preview.empty()) {
      const Status painted = PaintPreviews(*styles, options->preview);
      if (!painted.ok()) return Fail(painted);
    }
    options->json ? PrintJson(*styles) : PrintTable(*styles);
    return kExitOk;
  };
}

}  // namespace tempera::cli
