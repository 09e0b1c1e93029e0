// The writer of a series of pictures (series.h). Private to media/; VideoWriter::Open makes it.
#pragma once

#include <memory>

#include "media/writer.h"

namespace tempera::media {

// Pictures are numbered from 1, each written whole; one that is there is replaced. What was written stays
// when the film ends early. `source` may be null.
Result<std::unique_ptr<VideoWriter>> OpenSeriesWriter(const std::string& path, const VideoInfo& info,
                                                      VideoReader* source, const WriterOptions& options);

}  // namespace tempera::media
