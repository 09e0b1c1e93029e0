// A chain of FFmpeg's filters with one way in and one way out. Private to media/.
#pragma once

#include <memory>
#include <string>

#include "media/ffmpeg.h"
#include "media/filter_library.h"

namespace tempera::media {

class FilterGraph {
 public:
  // A video chain for pictures like `like` (size, format, shape of pixels), FILTERS in FFmpeg's own
  // notation ("bwdif,format=yuv420p"). Times of pictures are in `time_base`; some filters want to know the
  // `rate` (pictures a second) as well.
  static Result<std::unique_ptr<FilterGraph>> Video(const AVFrame& like, AVRational time_base,
                                                    const std::string& filters, int threads,
                                                    AVRational rate = {0, 1});
  // The same for sound.
  static Result<std::unique_ptr<FilterGraph>> Audio(const AVFrame& like, AVRational time_base,
                                                    const std::string& filters);

  // Hands in a picture (a new reference is taken), or nullptr for the end.
  Status Push(const AVFrame* frame);
  // The end, at `pts` of the pictures' time base: filters that count pictures want to know how long the last
  // one is.
  Status End(int64_t pts);
  // The next finished one, or nullptr when more input is needed or all has been given. Its time is in
  // time_base() of this graph's end.
  Result<FramePtr> Pull();
  AVRational time_base() const;

  // Whether this FFmpeg was built with the filter; fails when its filters cannot be loaded.
  static Result<bool> Has(const char* filter);

 private:
  struct GraphDeleter {
    void operator()(AVFilterGraph* p) const { filters->graph_free(&p); }
    const FilterLibrary* filters;
  };

  // An empty graph.
  static Result<std::unique_ptr<FilterGraph>> Start(int threads);
  Status Configure(const char* source_name, const std::string& source_args, const char* sink_name,
                   const std::string& filters);

  const FilterLibrary* filters_ = nullptr;
  std::unique_ptr<AVFilterGraph, GraphDeleter> graph_;
  AVFilterContext* source_ = nullptr;
  AVFilterContext* sink_ = nullptr;
};

}  // namespace tempera::media
