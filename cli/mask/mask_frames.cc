#include "cli/mask/mask_frames.h"

#include <algorithm>
#include <utility>

#include "media/picture.h"

namespace tempera::cli {
namespace {

// How colours are stored on the way is nothing to a mask, which is eight bits of light or transparency.
bool IsOfColors(const std::string& notice) {
  return notice.find(" becomes 4:2:0") != std::string::npos || notice.ends_with("-bit becomes 8-bit") ||
         notice.starts_with("the colour matrix becomes");
}

bool IsOfDamage(const std::string& notice) { return notice.starts_with("the file is damaged"); }

// Nothing of a mask is painted, and what -o could be called does not help it.
std::string InMaskWords(std::string notice) {
  const std::string painted = " is painted";
  for (const std::string lead : {"the first picture of an animation", "the first picture of a film"})
    if (notice.starts_with(lead + painted)) return lead + " counts";
  if (notice.ends_with(painted)) notice.replace(notice.size() - painted.size(), painted.size(), " counts");
  return notice;
}

class FilmFrames final : public MaskFrames {
 public:
  FilmFrames(const std::string& path, std::unique_ptr<media::VideoReader> reader)
      : path_(path), reader_(std::move(reader)) {}

  Result<std::optional<media::Frame>> Next() override {
    Result<std::optional<media::Frame>> frame = reader_->Read();
    if (const std::optional<int64_t> lost = reader_->lost_frame(); frame.ok() && lost)
      return InvalidArgument("frame " + std::to_string(*lost + 1) + " of the mask '" + path_ +
                             "' cannot be decoded: the file is damaged; make it anew");
    return frame;
  }

  std::vector<std::string> Notices() const override {
    std::vector<std::string> all;
    for (const std::string& notice : reader_->notices()) {
      if (std::string said = NoticeOfMask(path_, notice); !said.empty()) all.push_back(std::move(said));
    }
    return all;
  }

 private:
  const std::string path_;
  const std::unique_ptr<media::VideoReader> reader_;
};

class SeriesFrames final : public MaskFrames {
 public:
  SeriesFrames(const std::string& path, media::SeriesInput series)
      : path_(path), series_(std::move(series)) {}

  Result<std::optional<media::Frame>> Next() override {
    if (next_ == series_.files.size()) return std::optional<media::Frame>();
    const std::string& file = series_.files[next_++];
    Result<media::Picture> picture = media::ReadPicture(file, 0);
    if (!picture.ok())
      return Status(picture.status().code(), "the mask '" + path_ + "': " + picture.status().message());
    for (const std::string& notice : picture->notices) {
      if (IsOfDamage(notice)) TEMPERA_RETURN_IF_ERROR(CheckShows(file));
      Remember(file, notice);
    }
    return std::optional<media::Frame>(std::move(picture->frame));
  }

  std::vector<std::string> Notices() const override {
    std::vector<std::string> all;
    if (!series_.notice.empty()) all.push_back(NoticeOfMask(path_, series_.notice));
    for (const Said& said : said_) {
      std::string line = NoticeOfMask(said.file, said.notice);
      if (line.empty()) continue;
      if (said.others > 0) line += " (and so of " + std::to_string(said.others) + " more of its pictures)";
      all.push_back(std::move(line));
    }
    return all;
  }

 private:
  struct Said {
    std::string notice, file;  // that of which it was said first
    int64_t others = 0;
  };

  // Of a picture that broke off something can always be shown, which is no mask of its frame. What decodes
  // films tells those apart of which only some blocks had to be made up.
  Status CheckShows(const std::string& file) const {
    if (media::VideoReader::Open(file, {}).ok()) return OkStatus();
    return InvalidArgument("the mask '" + path_ + "': '" + file +
                           "' is damaged or cut short: write that picture anew");
  }

  void Remember(const std::string& file, const std::string& notice) {
    const auto known =
        std::find_if(said_.begin(), said_.end(), [&](const Said& said) { return said.notice == notice; });
    if (known != said_.end())
      ++known->others;
    else
      said_.push_back({notice, file});
  }

  const std::string path_;
  const media::SeriesInput series_;
  size_t next_ = 0;
  std::vector<Said> said_;
};

}  // namespace

std::unique_ptr<MaskFrames> FramesOfFilm(const std::string& path,
                                         std::unique_ptr<media::VideoReader> reader) {
  return std::make_unique<FilmFrames>(path, std::move(reader));
}

std::unique_ptr<MaskFrames> FramesOfSeries(const std::string& path, media::SeriesInput series) {
  return std::make_unique<SeriesFrames>(path, std::move(series));
}

std::string NoticeOfMask(const std::string& path, const std::string& notice) {
  return IsOfColors(notice) ? "" : "the mask '" + path + "': " + InMaskWords(notice);
}

}  // namespace tempera::cli
