#include "cli/mask/given_mask.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "cli/cli.h"
#include "media/film/series.h"
#include "media/mask/mask_pixels.h"
#include "media/picture.h"
#include "src/base/text/number_text.h"

namespace tempera::cli {
namespace {

using media::MaskBy;

Result<MaskPicture> PictureOf(const media::Frame& frame, MaskBy by) {
  MaskPicture picture;
  picture.width = frame.width;
  picture.height = frame.height;
  TEMPERA_ASSIGN_OR_RETURN(picture.pixels, media::MaskOf(frame, by));
  return picture;
}

class StillMask final : public GivenMask {
 public:
  explicit StillMask(MaskPicture picture) : picture_(std::move(picture)) {}
  Status Begin(const media::VideoInfo&) override { return OkStatus(); }
  Status GoTo(int64_t, int64_t) override { return OkStatus(); }
  Status AtEnd(int64_t) override { return OkStatus(); }
  const MaskPicture& picture() const override { return picture_; }

 private:
  const MaskPicture picture_;
};

double RateOf(const media::VideoInfo& info) {
  return info.frame_rate.num > 0 && info.frame_rate.den > 0
             ? static_cast<double>(info.frame_rate.num) / info.frame_rate.den
             : 0;
}

std::string Seconds(int64_t us) { return NumberToText(static_cast<double>(us) * 1e-6, 3) + " s"; }

class FilmMask final : public GivenMask {
 public:
  // has_times: a series of pictures has none.
  FilmMask(std::string path, std::unique_ptr<media::VideoReader> reader, MaskBy by, bool has_times)
      : path_(std::move(path)), reader_(std::move(reader)), by_(by), has_times_(has_times) {}

  Status Begin(const media::VideoInfo& film) override {
    rate_ = RateOf(film);
    const double rate = RateOf(reader_->info());
    // What containers round averages to; two clocks that drift apart are found out by their frames' times.
    constexpr double kSameRate = 0.005;
    if (has_times_ && rate > 0 && rate_ > 0 && std::abs(rate / rate_ - 1) > kSameRate)
      return InvalidArgument("the mask '" + path_ + "' has " + NumberToText(rate, 3) +
                             " frames a second and the film " + NumberToText(rate_, 3) +
                             ": give a mask of the film's own frame rate");
    const int64_t frames = reader_->info().estimated_frames, of_film = film.estimated_frames;
    // Files that say how long they are may be some frames off; the frames themselves are counted as they
    // come.
    constexpr int64_t kOff = 3;
    if (frames > 0 && of_film > 0 &&
        std::abs(frames - of_film) > std::max<int64_t>(kOff, std::max(frames, of_film) / 20))
      return Lengths(frames, of_film);
    film_frames_ = of_film;
    return OkStatus();
  }

  Status GoTo(int64_t index, int64_t pts_us) override {
    if (index < next_) return OkStatus();
    std::optional<media::Frame> frame;
    while (next_ <= index) {
      TEMPERA_ASSIGN_OR_RETURN(frame, reader_->Read());
      if (!frame) return Lengths(next_, std::max(film_frames_, index + 1));
      ++next_;
    }
    // Half a frame: nearer to this one than to its neighbours.
    const double away = std::abs(static_cast<double>(frame->pts_us - pts_us)) * 1e-6;
    if (has_times_ && rate_ > 0 && away > 0.5 / rate_)
      return InvalidArgument("frame " + std::to_string(index + 1) + " is shown at " + Seconds(pts_us) +
                             " in the film and at " + Seconds(frame->pts_us) + " in the mask '" + path_ +
                             "': give a mask with a frame for each of the film's");
    TEMPERA_ASSIGN_OR_RETURN(picture_, PictureOf(*frame, by_));
    return OkStatus();
  }

  Status AtEnd(int64_t of_film) override {
    for (;;) {
      TEMPERA_ASSIGN_OR_RETURN(const std::optional<media::Frame> frame, reader_->Read());
      if (!frame) break;
      ++next_;
    }
    for (const std::string& notice : reader_->notices()) Note("the mask '" + path_ + "': " + notice);
    return next_ == of_film ? OkStatus() : Lengths(next_, of_film);
  }

  const MaskPicture& picture() const override { return picture_; }

 private:
  Status Lengths(int64_t frames, int64_t of_film) const {
    return InvalidArgument("the mask '" + path_ + "' has " + std::to_string(frames) +
                           " frames and the film " + std::to_string(of_film) +
                           ": give a mask of the film's own length");
  }

  const std::string path_;
  const std::unique_ptr<media::VideoReader> reader_;
  const MaskBy by_;
  const bool has_times_;
  double rate_ = 0;          // of the film, frames a second
  int64_t film_frames_ = 0;  // as its file says; 0: it does not
  int64_t next_ = 0;         // frames read
  MaskPicture picture_;
};

// One frame may be all within the mask, and opaque: the film goes by its transparency where any frame shows
// some. Nearly always that is its first.
Result<MaskBy> MaskByOf(const std::string& path, const media::ReaderOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<media::VideoReader> reader,
                           media::VideoReader::Open(path, options));
  if (!reader->info().has_alpha) return MaskBy::kLight;
  for (;;) {
    TEMPERA_ASSIGN_OR_RETURN(const std::optional<media::Frame> frame, reader->Read());
    if (!frame) break;
    if (media::ShowsThrough(*frame)) return MaskBy::kTransparency;
  }
  Note("the mask '" + path + "' is nowhere transparent, though it could be: how light it is counts");
  return MaskBy::kLight;
}

}  // namespace

Result<std::unique_ptr<GivenMask>> OpenGivenMask(const MaskPlan& plan) {
  if (plan.source == MaskPlan::Source::kStill) {
    TEMPERA_ASSIGN_OR_RETURN(const media::Picture picture, media::ReadPicture(plan.path, 0));
    for (const std::string& notice : picture.notices) Note("the mask '" + plan.path + "': " + notice);
    const MaskBy by = media::ShowsThrough(picture.frame) ? MaskBy::kTransparency : MaskBy::kLight;
    TEMPERA_ASSIGN_OR_RETURN(MaskPicture mask, PictureOf(picture.frame, by));
    return std::unique_ptr<GivenMask>(std::make_unique<StillMask>(std::move(mask)));
  }
  TEMPERA_RETURN_IF_ERROR(media::CheckFilmInput(plan.path));
  media::ReaderOptions options;
  options.start_s = plan.start_s;
  options.duration_s = plan.duration_s;
  TEMPERA_ASSIGN_OR_RETURN(const auto series, media::FindSeries(plan.path));
  // Its pictures have no times: at a rate of its own it would be cut at other frames than the film.
  if (series.has_value() && (plan.start_s > 0 || plan.duration_s >= 0))
    return InvalidArgument(
        "the mask '" + plan.path + "' is a series of pictures, which have no times to be cut by: give it " +
        "as a film of the film's rate (ffmpeg -framerate), or leave out --start and --duration");
  TEMPERA_ASSIGN_OR_RETURN(const MaskBy by, MaskByOf(plan.path, options));
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<media::VideoReader> reader,
                           media::VideoReader::Open(plan.path, options));
  return std::unique_ptr<GivenMask>(
      std::make_unique<FilmMask>(plan.path, std::move(reader), by, !series.has_value()));
}

}  // namespace tempera::cli
