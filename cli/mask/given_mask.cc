#include "cli/mask/given_mask.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "cli/mask/mask_frames.h"
#include "media/film/series.h"
#include "media/mask/mask_pixels.h"
#include "media/picture.h"
#include "src/base/text/number_text.h"

namespace tempera::cli {
namespace {

using media::MaskBy;

// Pictures that number or colour classes are often called masks too. They are taken at their word, and that
// is said.
class Doubts {
 public:
  void Look(const media::Frame& frame, MaskBy by, const MaskPicture& mask) {
    by_ = by;
    if (by == MaskBy::kLight) colored_ = colored_ || media::IsColored(frame);
    if (lightest_ > kHalf) return;
    for (const uint8_t v : mask.pixels) lightest_ = std::max(lightest_, int{v});
  }

  std::vector<std::string> Notices() const {
    std::vector<std::string> notices;
    if (colored_) notices.push_back("it is coloured: how light it is counts, black is nothing and white all");
    if (lightest_ == 0 || lightest_ > kHalf) return notices;
    const bool light = by_ == MaskBy::kLight;
    notices.push_back(
        std::string("it is nowhere ") + (light ? "lighter" : "more opaque") + " than " +
        std::to_string(lightest_) + " of 255: " +
        (light ? "where these are numbers of classes, make what is meant white; as it is, " : "") +
        "nothing is wholly within it");
    return notices;
  }

 private:
  static constexpr int kHalf = 127;  // data sets number classes to some 150, mostly from 1 on
  MaskBy by_ = MaskBy::kLight;
  bool colored_ = false;
  int lightest_ = 0;
};

Result<MaskPicture> PictureOf(const media::Frame& frame, MaskBy by) {
  MaskPicture picture;
  picture.width = frame.width;
  picture.height = frame.height;
  TEMPERA_ASSIGN_OR_RETURN(picture.pixels, media::MaskOf(frame, by));
  return picture;
}

class StillMask final : public GivenMask {
 public:
  Status Begin(const media::VideoInfo&) override { return OkStatus(); }
  Status GoTo(int64_t, int64_t) override { return OkStatus(); }
  // The largest picture of the file.
  Status GoToFile(const std::string& path) override {
    path_ = path;
    said_.clear();
    return Read(0);
  }
  // Of the picture that is used: not of the first that was looked at.
  std::vector<std::string> TakeNotices() override {
    std::vector<std::string> news;
    for (const std::string& notice : notices_) {
      if (std::find(said_.begin(), said_.end(), notice) != said_.end()) continue;
      said_.push_back(notice);
      if (std::string said = NoticeOfMask(path_, notice); !said.empty()) news.push_back(std::move(said));
    }
    return news;
  }
  Status AtEnd(int64_t) override { return OkStatus(); }
  Status GoToPage(int page, int pages) override {
    if (page == 0 || pictures_ == 1 || page == page_) return OkStatus();
    if (pictures_ != pages)
      return InvalidArgument("the mask '" + path_ + "' has " + std::to_string(pictures_) +
                             " pictures and what is painted " + std::to_string(pages) +
                             ": give one mask for all of them, or one for each");
    return Read(page);
  }
  const MaskPicture& picture() const override { return picture_; }

 private:
  Status Read(int page) {
    TEMPERA_ASSIGN_OR_RETURN(const media::Picture picture, media::ReadPicture(path_, 0, page));
    notices_ = picture.notices;
    const MaskBy by = media::ShowsThrough(picture.frame) ? MaskBy::kTransparency : MaskBy::kLight;
    TEMPERA_ASSIGN_OR_RETURN(picture_, PictureOf(picture.frame, by));
    Doubts doubts;
    doubts.Look(picture.frame, by, picture_);
    for (std::string& notice : doubts.Notices()) notices_.push_back(std::move(notice));
    pictures_ = picture.pictures;
    page_ = page;
    return OkStatus();
  }

  std::string path_;
  MaskPicture picture_;
  int pictures_ = 1, page_ = 0;
  std::vector<std::string> notices_, said_;
};

double RateOf(const media::VideoInfo& info) {
  return info.frame_rate.num > 0 && info.frame_rate.den > 0
             ? static_cast<double>(info.frame_rate.num) / info.frame_rate.den
             : 0;
}

std::string Seconds(int64_t us) { return NumberToText(static_cast<double>(us) * 1e-6, 3) + " s"; }

// A mask and a film that are cut at the same second, and are not as long: whoever wrote the mask of a part
// would find it cut twice.
Status CutTwice(const std::string& path, double mask_s, double film_s) {
  return InvalidArgument("the mask '" + path + "' is " + NumberToText(mask_s, 3) + " s long" +
                         (film_s > 0 ? " and the film " + NumberToText(film_s, 3) + " s" : "") +
                         ", and --start cuts both: give a mask of the whole film, or cut the film first");
}

// A film of which nothing is left behind --start: said once it is known how long the painted one is.
class ShortMask final : public GivenMask {
 public:
  ShortMask(std::string path, double length_s) : path_(std::move(path)), length_s_(length_s) {}
  Status Begin(const media::VideoInfo& film) override { return CutTwice(path_, length_s_, film.whole_s); }
  Status GoTo(int64_t, int64_t) override { return CutTwice(path_, length_s_, 0); }
  Status AtEnd(int64_t) override { return CutTwice(path_, length_s_, 0); }
  const MaskPicture& picture() const override { return picture_; }

 private:
  const std::string path_;
  const double length_s_;
  const MaskPicture picture_;
};

class FilmMask final : public GivenMask {
 public:
  // info: of a film. series: nothing where it is one. news: what there is to say of it so far.
  FilmMask(const MaskPlan& plan, std::unique_ptr<MaskFrames> frames, const media::VideoInfo& info, MaskBy by,
           const std::optional<media::SeriesInput>& series, std::vector<std::string> news)
      : path_(plan.path),
        missing_(series.has_value() ? series->missing : std::string()),
        is_glob_(series.has_value() && series->is_glob),
        pictures_(series.has_value() ? static_cast<int64_t>(series->files.size()) : 0),
        frames_(std::move(frames)),
        info_(info),
        by_(by),
        has_times_(!series.has_value()),
        detelecine_(plan.detelecine),
        start_s_(plan.start_s),
        news_(std::move(news)) {}

  Status Begin(const media::VideoInfo& film) override {
    rate_ = RateOf(film);
    const bool told = film.tells_length && (pictures_ > 0 || info_.tells_length);
    const int64_t frames = pictures_ > 0 ? pictures_ : info_.estimated_frames,
                  of_film = film.estimated_frames;
    // A mean of frames that last as long as they like depends on the last one, which no mask has to repeat:
    // with a mask for each, their times tell.
    if (OtherRate() && !(told && frames == of_film)) return Rates();
    if (OtherCut(film)) return CutTwice(path_, info_.whole_s, film.whole_s);
    // Files that say how long they are may be some frames off; the frames themselves are counted as they
    // come.
    const auto off = [](int64_t n) { return std::max<int64_t>(3, n / 20); };
    if (!told) {
      const bool mask_tells = pictures_ > 0 || info_.tells_length;
      if (mask_tells && film.most_frames > 0 && frames - film.most_frames > off(frames))
        return Lengths(frames, std::to_string(film.most_frames) + " at most");
      return OkStatus();
    }
    if (frames > 0 && of_film > 0 && std::abs(frames - of_film) > off(std::max(frames, of_film)))
      return Lengths(frames, std::to_string(of_film));
    film_frames_ = of_film;
    return OkStatus();
  }

  Status GoTo(int64_t index, int64_t pts_us) override {
    if (index < next_) return OkStatus();
    std::optional<media::Frame> frame;
    while (next_ <= index) {
      TEMPERA_ASSIGN_OR_RETURN(frame, frames_->Next());
      if (!frame)
        return Lengths(next_, film_frames_ > next_ ? std::to_string(film_frames_) : std::string("more"));
      ++next_;
    }
    // Half a frame: nearer to this one than to its neighbours.
    const double away = std::abs(static_cast<double>(frame->pts_us - pts_us)) * 1e-6;
    if (has_times_ && rate_ > 0 && away > 0.5 / rate_ && OtherRate()) return Rates();
    if (has_times_ && rate_ > 0 && away > 0.5 / rate_)
      return InvalidArgument("frame " + std::to_string(index + 1) + " is shown at " + Seconds(pts_us) +
                             " in the film and at " + Seconds(frame->pts_us) + " in the mask '" + path_ +
                             "': give a mask with a frame for each of the film's");
    TEMPERA_ASSIGN_OR_RETURN(picture_, PictureOf(*frame, by_));
    doubts_.Look(*frame, by_, picture_);
    return OkStatus();
  }

  Status AtEnd(int64_t of_film) override {
    for (;;) {
      TEMPERA_ASSIGN_OR_RETURN(const std::optional<media::Frame> frame, frames_->Next());
      if (!frame) break;
      ++next_;
    }
    if (next_ != of_film) return Lengths(next_, std::to_string(of_film));
    for (const std::string& notice : doubts_.Notices()) news_.push_back(NoticeOfMask(path_, notice));
    for (std::string& notice : frames_->Notices()) news_.push_back(std::move(notice));
    return OkStatus();
  }

  std::vector<std::string> TakeNotices() override { return std::exchange(news_, {}); }

  const MaskPicture& picture() const override { return picture_; }

 private:
  bool OtherRate() const {
    // What containers round averages to; two clocks that drift apart are found out by their frames' times.
    constexpr double kSameRate = 0.005;
    const double rate = RateOf(info_);
    return has_times_ && rate > 0 && rate_ > 0 && std::abs(rate / rate_ - 1) > kSameRate;
  }

  // Whether the mask, which is cut as the film is, is not as long as that: a frame and a half is how far
  // files' own words may be off.
  bool OtherCut(const media::VideoInfo& film) const {
    if (start_s_ <= 0 || info_.whole_s <= 0 || film.whole_s <= 0 || rate_ <= 0) return false;
    if (info_.whole_frames > 0 && info_.whole_frames == film.whole_frames) return false;
    return std::abs(info_.whole_s - film.whole_s) > 1.5 / rate_;
  }

  Status Rates() const {
    const double rate = RateOf(info_);
    // Telecine makes five frames of four.
    const bool telecined = !detelecine_ && std::abs(rate * 1.25 / rate_ - 1) < 0.01;
    return InvalidArgument("the mask '" + path_ + "' has " + NumberToText(rate, 3) +
                           " frames a second and the film " + NumberToText(rate_, 3) +
                           (detelecine_ ? " with --detelecine" : "") +
                           ": give a mask of the film's own frame rate" +
                           (telecined ? ", or --detelecine where the film was telecined" : ""));
  }

  // of_film: how many, "20 at most", or "more".
  Status Lengths(int64_t frames, const std::string& of_film) const {
    std::string said =
        "the mask '" + path_ + "' has " + std::to_string(frames) + " frames and the film " + of_film;
    if (missing_.empty()) return InvalidArgument(said + ": give a mask of the film's own length");
    return InvalidArgument(
        said + ": there is no picture " + missing_ +
        (is_glob_ ? "; add it" : ", and those behind it are left out: add it, or number them anew"));
  }

  const std::string path_, missing_;  // of a series, the picture at its first gap, or ""
  const bool is_glob_;
  const int64_t pictures_;  // of a series
  const std::unique_ptr<MaskFrames> frames_;
  const media::VideoInfo info_;
  const MaskBy by_;
  const bool has_times_;  // a series of pictures has none
  const bool detelecine_;
  const double start_s_;
  double rate_ = 0;          // of the film, frames a second
  int64_t film_frames_ = 0;  // as its file says; 0: it does not
  int64_t next_ = 0;         // frames read
  MaskPicture picture_;
  Doubts doubts_;
  std::vector<std::string> news_;
};

// One frame may be all within the mask, and opaque: the film goes by its transparency where any frame shows
// some. Nearly always that is its first.
Result<MaskBy> MaskByOf(const std::string& path, const media::ReaderOptions& options,
                        std::vector<std::string>* news) {
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<media::VideoReader> reader,
                           media::VideoReader::Open(path, options));
  if (!reader->info().has_alpha) return MaskBy::kLight;
  for (;;) {
    TEMPERA_ASSIGN_OR_RETURN(const std::optional<media::Frame> frame, reader->Read());
    if (!frame) break;
    if (media::ShowsThrough(*frame)) return MaskBy::kTransparency;
  }
  news->push_back("the mask '" + path +
                  "' is nowhere transparent, though it could be: how light it is counts");
  return MaskBy::kLight;
}

}  // namespace

Result<std::unique_ptr<GivenMask>> OpenGivenMask(const MaskPlan& plan) {
  using Source = MaskPlan::Source;
  if (plan.source == Source::kStill || plan.source == Source::kFolder) {
    std::unique_ptr<GivenMask> mask = std::make_unique<StillMask>();
    if (plan.source == Source::kStill) TEMPERA_RETURN_IF_ERROR(mask->GoToFile(plan.path));
    return mask;
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
  if (plan.start_s > 0) {
    TEMPERA_ASSIGN_OR_RETURN(const auto whole, media::VideoReader::Open(plan.path, {}));
    const double length_s = whole->info().whole_s;
    // Of the last frame nobody says when it begins.
    if (length_s > 0 && plan.start_s > length_s - 1.5 / std::max(RateOf(whole->info()), 1.0) &&
        !media::VideoReader::Open(plan.path, options).ok())
      return std::unique_ptr<GivenMask>(std::make_unique<ShortMask>(plan.path, length_s));
  }
  std::vector<std::string> news;
  std::unique_ptr<MaskFrames> frames;
  media::VideoInfo info;
  if (series.has_value()) {
    // A first picture that is damaged is named, where a film would begin behind it.
    TEMPERA_RETURN_IF_ERROR(FramesOfSeries(plan.path, *series)->Next().status());
    frames = FramesOfSeries(plan.path, *series);
    if (series->is_glob && !series->missing.empty())
      news.push_back("the mask '" + plan.path + "' has no picture " + series->missing +
                     ": they are taken in order");
  }
  TEMPERA_ASSIGN_OR_RETURN(const MaskBy by, MaskByOf(plan.path, options, &news));
  if (!frames) {
    TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<media::VideoReader> reader,
                             media::VideoReader::Open(plan.path, options));
    info = reader->info();
    frames = FramesOfFilm(plan.path, std::move(reader));
  }
  return std::unique_ptr<GivenMask>(
      std::make_unique<FilmMask>(plan, std::move(frames), info, by, series, std::move(news)));
}

}  // namespace tempera::cli
