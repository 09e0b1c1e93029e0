// A model open at one working size.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "live/controls.h"
#include "live/mask/mask_settings.h"
#include "media/frame.h"
#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::live {

struct PainterOptions {
  int threads = 0;                        // 0: as many as there are cores
  std::string precision = "auto";         // auto, fp32, bf16, int8
  std::string norm_statistics = "exact";  // exact, smoothed, carried
  std::string cache_folder;               // of what was found about models; "": none
};

class Model {
 public:
  using Values = std::map<std::string, std::vector<float>>;

  // The network works at so many lines (0: its own choice), or columns where `width` is not 0.
  Model(PainterOptions options, ModelFile file, int height, int width = 0)
      : options_(std::move(options)), file_(std::move(file)), height_(height), width_(width) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { tempera_close(stylizer_); }

  // Opens it and plans for such frames; the style of the file is not chosen yet. host: nullptr = threads of
  // its own.
  Status Open(const media::Frame& like, tempera_host* host);
  // From any thread: Open and painting give up soon.
  void Cancel();

  const std::string& path() const { return file_.path; }
  const ModelFile& file() const { return file_; }
  int height() const { return height_; }
  // After Open.
  tempera_stylizer* stylizer() const { return stylizer_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }  // with the file's own defaults
  const Values& applied() const { return applied_; }                        // what each is set to
  std::vector<float> Get(const Parameter& parameter) const;
  // An error of the library: what was set stays.
  Status Set(const std::string& name, const std::vector<float>& values);
  // The style of the file; its shares are then what is applied.
  Status ChooseStyle(const std::string& style);

 private:
  const PainterOptions options_;
  const ModelFile file_;
  const int height_, width_;
  std::mutex mutex_;  // of cancelling
  bool cancelled_ = false;
  tempera_stylizer* stylizer_ = nullptr;
  std::vector<Parameter> parameters_;
  Values applied_;
};

}  // namespace tempera::live
