#include "train/motion/film_pairs.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <utility>

#include "train/motion/frames.h"
#include "train/motion/truth.h"
#include "train/photos.h"

namespace tempera::train {
namespace {

// A part of a picture: `side` squared pixels from (left, top).
media::RgbImage Square(const media::RgbImage& image, int left, int top, int side) {
  media::RgbImage cut{side, side, {}};
  const size_t row = static_cast<size_t>(side) * 3;
  cut.pixels.resize(row * static_cast<size_t>(side));
  for (int y = 0; y < side; ++y) {
    const size_t from = (static_cast<size_t>(top + y) * static_cast<size_t>(image.width) + left) * 3;
    std::memcpy(&cut.pixels[row * static_cast<size_t>(y)], &image.pixels[from], row);
  }
  return cut;
}

Result<media::RgbImage> Shrink(const media::RgbImage& image, int short_side) {
  const double scale = static_cast<double>(short_side) / std::min(image.width, image.height);
  if (scale >= 1) return image;
  return media::ResizeImage(image, std::max(short_side, static_cast<int>(std::lround(image.width * scale))),
                            std::max(short_side, static_cast<int>(std::lround(image.height * scale))));
}

// The two pixels that a place lies between, and how near it is to the second.
struct Between {
  int low, high;
  float weight;
  Between(double at, int limit) {
    at = std::clamp(at, 0.0, static_cast<double>(limit - 1));
    low = static_cast<int>(at);
    high = std::min(low + 1, limit - 1);
    weight = static_cast<float>(at - low);
  }
};

// The motion between pixels, from those neighbours that have one; false where the nearest has none.
bool MotionAt(const Flow& flow, const Between& x, const Between& y, float* dx, float* dy) {
  const size_t w = static_cast<size_t>(flow.width);
  const size_t places[4] = {y.low * w + x.low, y.low * w + x.high, y.high * w + x.low, y.high * w + x.high};
  const float weights[4] = {(1 - x.weight) * (1 - y.weight), x.weight * (1 - y.weight),
                            (1 - x.weight) * y.weight, x.weight * y.weight};
  const int nearest = (y.weight >= 0.5f ? 2 : 0) + (x.weight >= 0.5f ? 1 : 0);
  if (!flow.valid[places[nearest]]) return false;
  float sum = 0, u = 0, v = 0;
  for (int i = 0; i < 4; ++i) {
    if (!flow.valid[places[i]]) continue;
    sum += weights[i];
    u += weights[i] * flow.dx[places[i]];
    v += weights[i] * flow.dy[places[i]];
  }
  *dx = u / sum;
  *dy = v / sum;
  return true;
}

// A square of the flow of a picture that was scaled to width x height.
Flow SquareOf(const Flow& flow, int width, int height, int left, int top, int side) {
  Flow cut(side, side);
  const double sx = static_cast<double>(flow.width) / width, sy = static_cast<double>(flow.height) / height;
  size_t i = 0;
  for (int y = 0; y < side; ++y) {
    const Between row((top + y + 0.5) * sy - 0.5, flow.height);
    for (int x = 0; x < side; ++x, ++i) {
      const Between column((left + x + 0.5) * sx - 0.5, flow.width);
      cut.valid[i] = MotionAt(flow, column, row, &cut.dx[i], &cut.dy[i]);
      cut.dx[i] /= static_cast<float>(sx);
      cut.dy[i] /= static_cast<float>(sy);
    }
  }
  MaskOutside(&cut);
  return cut;
}

std::string Count(int n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

// `status` names the film.
Status WithCure(const Status& status) {
  return Status(status.code(), status.message() + "; take it out of --clips");
}

}  // namespace

std::string FilmReport::Used() const {
  std::string line;
  if (films > 0) line = Count(film_pairs, "pair") + " of " + Count(films, "film");
  if (truths > 0) {
    line += (line.empty() ? "" : ", ") + Count(truth_pairs, "pair") + " of " + Count(truths, "scene") +
            " with known motion";
  }
  return line;
}

std::string FilmReport::Line() const {
  std::string line = Used();
  if (too_small > 0) line += "; " + std::to_string(too_small) + " too small";
  if (lost > 0) line += "; " + Count(lost, "pair") + " with motion that cannot be followed";
  if (borders > 0) line += "; " + Count(borders, "pair") + " with a constant border";
  return line;
}

FilmPairs::Budget FilmPairs::Share(bool clips, bool truth) const {
  // Two pictures of three bytes a pixel, two floats and a mark.
  const size_t bytes = static_cast<size_t>(short_side_) * static_cast<size_t>(short_side_) * 15;
  const int most = static_cast<int>(std::clamp(kMaxBytes / bytes, size_t{2}, size_t{kMaxPairs}));
  if (clips && truth) return {most / 2, most - most / 2};
  return {clips ? most : 0, truth ? most : 0};
}

bool FilmPairs::Keep(Pair pair) {
  const auto seen = std::count(pair.flow.valid.begin(), pair.flow.valid.end(), uint8_t{1});
  if (static_cast<double>(seen) < kLeastVisible * static_cast<double>(pair.flow.valid.size())) {
    ++report_.lost;
    return false;
  }
  if (HasConstantBorder(pair.second)) {
    ++report_.borders;
    return false;
  }
  pairs_.push_back(std::move(pair));
  return true;
}

Status FilmPairs::AddFilm(const std::string& path, int most, Random& random) {
  std::deque<media::RgbImage> last;  // this frame's predecessors
  std::vector<Pair> drawn;
  int frames = 0;
  bool small = false;
  const Status read = EachFrame(path, kMaxFrames, [&](const media::RgbImage& frame) -> Status {
    ++frames;
    small = std::min(frame.width, frame.height) * 4 < view_ * 3;
    if (small) return Status(StatusCode::kCancelled, "");  // enough is known
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage now, Shrink(frame, short_side_));
    if (!last.empty()) {
      // An even draw from all frames but the first, however many there will be.
      const int64_t at = frames - 2;
      const int64_t place = at < most ? at : random.Below(at + 1);
      const int64_t step = 1 + random.Below(static_cast<int64_t>(last.size()));
      const int side = std::min(now.width, now.height);
      const int left = static_cast<int>(random.Below(now.width - side + 1)),
                top = static_cast<int>(random.Below(now.height - side + 1));
      if (place < most) {
        const media::RgbImage& earlier = last[last.size() - static_cast<size_t>(step)];
        if (place == at) drawn.emplace_back();
        drawn[static_cast<size_t>(place)] = {
            Square(earlier, left, top, side), Square(now, left, top, side), {}};
      }
    }
    last.push_back(std::move(now));
    if (last.size() > kLongestStep) last.pop_front();
    return OkStatus();
  });
  if (small) {
    ++report_.too_small;
    return OkStatus();
  }
  if (!read.ok()) return WithCure(read);
  if (frames < 2) {
    return WithCure(InvalidArgument("'" + path + "' has " + (frames == 0 ? "no frame" : "one frame") +
                                    ", and motion needs two"));
  }
  ++report_.films;
  FlowEstimator estimator;
  for (Pair& pair : drawn) {
    pair.flow = estimator.Estimate(pair.second, pair.first);
    if (Keep(std::move(pair))) ++report_.film_pairs;
  }
  return OkStatus();
}

Status FilmPairs::AddClips(const std::vector<std::string>& folders, int most, Random& random) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> found,
                             FindFiles({folder}, FilmExtensions(), "films"));
    if (found.empty()) {
      return NotFound("no film in '" + folder + "': give --clips a folder of .mp4, .mkv, .mov or .webm");
    }
    paths.insert(paths.end(), found.begin(), found.end());
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  paths = EvenChoice(paths, most);
  int left = static_cast<int>(paths.size());
  for (const std::string& path : paths) {
    const int room = most - report_.film_pairs;
    TEMPERA_RETURN_IF_ERROR(AddFilm(path, (room + left - 1) / left, random));
    --left;
  }
  return OkStatus();
}

Status FilmPairs::AddTruth(const std::vector<std::string>& folders, int most, Random& random) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<TruthPlace> places, FindTruth(folders));
  std::vector<std::pair<size_t, size_t>> all;  // scene, frame
  for (size_t place = 0; place < places.size(); ++place) {
    for (size_t i = 0; i < places[place].flows.size(); ++i) all.emplace_back(place, i);
  }
  const size_t count = std::min(all.size(), static_cast<size_t>(most));
  for (size_t i = 0; i < count; ++i)
    std::swap(all[i], all[i + static_cast<size_t>(random.Below(static_cast<int64_t>(all.size() - i)))]);
  all.resize(count);
  std::sort(all.begin(), all.end());
  size_t counted = places.size();  // the scene that was counted last
  for (const auto& [place, i] : all) {
    const TruthPlace& scene = places[place];
    TruthPlace two{scene.name, {scene.frames[i], scene.frames[i + 1]}, {scene.flows[i]}, {}};
    if (!scene.occlusions.empty()) two.occlusions = {scene.occlusions[i]};
    TEMPERA_ASSIGN_OR_RETURN(const TrueFilm film, ReadTruth(two, 2));
    if (std::min(film.frames[0].width, film.frames[0].height) * 4 < view_ * 3) {
      ++report_.too_small;
      continue;
    }
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage known, Shrink(film.frames[0], short_side_));
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage other, Shrink(film.frames[1], short_side_));
    const int side = std::min(known.width, known.height);
    const int left = static_cast<int>(random.Below(known.width - side + 1)),
              top = static_cast<int>(random.Below(known.height - side + 1));
    if (!Keep({Square(other, left, top, side), Square(known, left, top, side),
               SquareOf(film.flows[0], known.width, known.height, left, top, side)}))
      continue;
    ++report_.truth_pairs;
    if (counted != place) ++report_.truths;
    counted = place;
  }
  return OkStatus();
}

Result<FilmPairs> FilmPairs::Load(const std::vector<std::string>& clips,
                                  const std::vector<std::string>& truth, int view, uint64_t seed) {
  FilmPairs films;
  films.view_ = view;
  films.short_side_ = static_cast<int>(std::ceil(view / Photos::kMinCropShare));
  const Budget budget = films.Share(!clips.empty(), !truth.empty());
  Random random(seed ^ 0x46696c6du);
  if (!clips.empty()) TEMPERA_RETURN_IF_ERROR(films.AddClips(clips, budget.clips, random));
  if (!truth.empty()) TEMPERA_RETURN_IF_ERROR(films.AddTruth(truth, budget.truth, random));
  if (films.pairs_.empty()) {
    return NotFound("no usable pair of frames in '" + (clips.empty() ? truth : clips).front() + "' (" +
                    std::to_string(films.report_.too_small) + " too small, " +
                    std::to_string(films.report_.lost) + " with motion that cannot be followed, " +
                    std::to_string(films.report_.borders) + " with bars)");
  }
  return films;
}

FilmPairs::Crop FilmPairs::RandomCrop(Random& random, int size) const {
  const Pair& pair = pairs_[static_cast<size_t>(random.Below(this->size()))];
  const int side = pair.first.width;
  const double scale =
      side * (Photos::kMinCropShare + (1 - Photos::kMinCropShare) * random.Uniform()) / view_;
  const double left = random.Uniform() * (side - size * scale),
               top = random.Uniform() * (side - size * scale);
  const bool mirror = random.Uniform() < 0.5;
  const size_t n = static_cast<size_t>(size) * static_cast<size_t>(size);
  Crop crop{size, std::vector<float>(3 * n), std::vector<float>(3 * n), std::vector<float>(2 * n),
            std::vector<float>(n)};
  size_t i = 0;
  for (int y = 0; y < size; ++y) {
    const double at_y = top + (y + 0.5) * scale - 0.5;
    const Between row(at_y, side);
    for (int x = 0; x < size; ++x, ++i) {
      const double at_x = left + ((mirror ? size - 1 - x : x) + 0.5) * scale - 0.5;
      const Between column(at_x, side);
      auto pixel = [&](const media::RgbImage& image, size_t c) {
        auto at = [&](int px, int py) {
          return static_cast<float>(image.pixels[(static_cast<size_t>(py) * side + px) * 3 + c]);
        };
        const float a = at(column.low, row.low), b = at(column.low, row.high);
        const float up = a + column.weight * (at(column.high, row.low) - a);
        const float down = b + column.weight * (at(column.high, row.high) - b);
        return up + row.weight * (down - up);
      };
      for (size_t c = 0; c < 3; ++c) {
        crop.first[c * n + i] = pixel(pair.first, c);
        crop.second[c * n + i] = pixel(pair.second, c);
      }
      float dx = 0, dy = 0;
      const bool known = MotionAt(pair.flow, column, row, &dx, &dy);
      double from_x = (at_x + dx - left + 0.5) / scale - 0.5;
      if (mirror) from_x = size - 1 - from_x;
      const double from_y = (at_y + dy - top + 0.5) / scale - 0.5;
      crop.from[2 * i] = static_cast<float>(from_x);
      crop.from[2 * i + 1] = static_cast<float>(from_y);
      const bool inside = from_x >= 0 && from_y >= 0 && from_x <= size - 1 && from_y <= size - 1;
      crop.visible[i] = known && inside ? 1.0f : 0.0f;
    }
  }
  return crop;
}

}  // namespace tempera::train
