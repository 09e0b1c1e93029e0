#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "live/timeline/timeline.h"
#include "live/timeline/timeline_mask.h"
#include "live/timeline/timeline_text.h"
#include "src/base/text/one_line.h"

namespace tempera::live {
namespace {

using Json = nlohmann::json;

// An hour of 30 frames a second is 2 MB.
constexpr size_t kMostBytes = size_t{128} << 20;
// Of one event: a line of frames has hundreds, a change some hundreds.
constexpr int64_t kMostValues = 1 << 20;
constexpr int kMostDepth = 8;
constexpr int64_t kMostFrames = 100'000'000;
constexpr int64_t kMostMicroseconds = int64_t{10'000} * 3600 * 1'000'000;
constexpr int kMostSide = 16384;

// Made of events as they are parsed, so that none of them is kept as JSON.
class Maker {
 public:
  explicit Maker(Timeline* to) : to_(to) {}

  // False: nothing more is wanted of it.
  bool Take(const Json& event) {
    ++events_;
    if (!failure_.ok()) return false;
    const auto change = event.find("change"), frames = event.find("frames"), end = event.find("end");
    if (change != event.end()) {
      failure_ = TakeChange(*change);
    } else if (frames != event.end()) {
      failure_ = TakeFrames(*frames);
    } else if (end != event.end()) {
      failure_ = TakeEnd(*end);
    } else {
      failure_ = Bad("is no change, no frames and no end");
    }
    return false;
  }

  Status Finish(const Json& top) {
    const auto version = top.find("tempera_timeline");
    if (version == top.end() || !version->is_number_integer())
      return InvalidArgument("it does not say \"tempera_timeline\": 1");
    if (*version != 1)
      return Unsupported("it is of version " + version->dump().substr(0, 20) + ", and this tempera reads 1");
    TEMPERA_RETURN_IF_ERROR(failure_);
    TEMPERA_RETURN_IF_ERROR(TakeInfo(top));
    // What a killed session said before the frame that never came.
    while (!to_->changes.empty() && to_->changes.back().frame >= to_->frames.size()) to_->changes.pop_back();
    if (to_->frames.empty()) return InvalidArgument("no frame was painted");
    return OkStatus();
  }

 private:
  Status Bad(const std::string& what) const {
    return InvalidArgument("event " + std::to_string(events_) + " " + what);
  }
  bool ReadField(const std::string& name, const Json& value, TimelineChange* change) {
    TimelineState& s = change->state;
    if (name == "open") {
      change->opens = true;
      return ReadText(value, &s.path) && !s.path.empty();
    }
    if (name == "model_bytes") return ReadInt(value, 0, INT64_MAX, &s.model_bytes);
    if (name == "style") return ReadText(value, &s.style);
    if (name == "height") return ReadInt(value, 0, kMostSide, &s.height);
    if (name == "asked_height") return ReadInt(value, 0, kMostSide, &s.asked_height);
    if (name == "mirror") return ReadBool(value, &s.mirror);
    if (name == "size") {
      return value.is_array() && value.size() == 2 && ReadInt(value[0], 1, kMostSide, &s.width) &&
             ReadInt(value[1], 1, kMostSide, &s.lines);
    }
    if (name == "matrix") return ReadInt(value, 0, 2, &s.matrix);
    if (name == "full_range") return ReadBool(value, &s.full_range);
    if (name == "values") return ReadValues(value, &change->values);
    if (name == "reset") return ReadBool(value, &change->reset);
    if (IsMaskField(name)) return ReadMaskField(name, value, change);
    return true;  // of a later version's, which says so in its number where it matters
  }

  static bool MaskFits(const TimelineChange& change) {
    if (change.mask_values.empty()) return true;
    std::set<std::pair<std::string, std::string>> styles;
    for (const MaskCast::Region& region : change.state.mask.cast.regions) {
      if (region.shows == MaskCast::Region::Shows::kStyle)
        styles.insert({region.style.path, region.style.style});
    }
    return styles.size() == change.mask_values.size();
  }

  Status TakeChange(const Json& json) {
    if (!json.is_object()) return Bad("holds a change that is no object");
    TimelineChange change;
    if (!to_->changes.empty()) change.state = to_->changes.back().state;
    change.frame = to_->frames.size();
    for (const auto& [name, value] : json.items()) {
      if (!ReadField(name, value, &change))
        return Bad("has a \"" + OneLine(name.substr(0, 40)) + "\" that is none");
    }
    if (to_->changes.empty() && (change.frame != 0 || !change.opens || change.state.width == 0))
      return Bad("paints before it opens a model (\"open\", \"size\")");
    if (!MaskFits(change)) return Bad("sets values of a mask's styles, and there are others");
    to_->changes.push_back(std::move(change));
    return OkStatus();
  }

  Status TakeFrames(const Json& json) {
    static const Json kNone = Json::array();
    const auto list = [&](const char* name) -> const Json& {
      const auto found = json.find(name);
      return found != json.end() && found->is_array() ? *found : kNone;
    };
    if (!json.is_object() || to_->changes.empty()) return Bad("has frames before a model was opened");
    const Json &sources = list("source"), &times = list("time_us"), &sums = list("sum");
    if (times.empty() || sums.size() != times.size()) return Bad("does not have a sum for each time");
    if (static_cast<int64_t>(to_->frames.size() + times.size()) > kMostFrames)
      return Bad("has more frames than any session");
    size_t i = 0;
    for (const Json& run : sources) {
      int64_t step = 0, count = 0;
      if (!run.is_array() || run.size() != 2 || !ReadInt(run[0], 0, kMostFrames, &step) ||
          !ReadInt(run[1], 1, static_cast<int64_t>(times.size() - i), &count))
        return Bad("has runs of sources that are none: [step, how often], as many as times");
      for (int64_t k = 0; k < count; ++k, ++i) TEMPERA_RETURN_IF_ERROR(AddFrame(step, times[i], sums[i]));
    }
    return i == times.size() ? OkStatus() : Bad("does not say the source of every frame");
  }

  Status AddFrame(int64_t step, const Json& time, const Json& sum) {
    const bool first = to_->frames.empty();
    const TimelineFrame before = first ? TimelineFrame() : to_->frames.back();
    TimelineFrame frame;
    int64_t passed = 0, number = 0;
    if (!ReadInt(time, first ? 0 : 1, kMostMicroseconds, &passed) || !ReadInt(sum, 0, UINT32_MAX, &number))
      return Bad("has a time or a sum that is none");
    frame.source = before.source + step;
    frame.time_us = before.time_us + passed;
    frame.sum = static_cast<uint32_t>(number);
    if (frame.source > kMostFrames || frame.time_us > kMostMicroseconds)
      return Bad("comes after more frames or time than any session has");
    to_->frames.push_back(frame);
    return OkStatus();
  }

  Status TakeEnd(const Json& json) {
    int64_t painted = 0;
    const auto found = json.is_object() ? json.find("painted") : json.end();
    if (found == json.end() || !ReadInt(*found, 0, kMostFrames, &painted) ||
        painted != static_cast<int64_t>(to_->frames.size()))
      return Bad("ends another session: it painted other frames than are listed");
    to_->complete = true;
    return OkStatus();
  }

  Status TakeInfo(const Json& top) {
    TimelineInfo& info = to_->info;
    for (const auto& [name, text] : {std::pair{"source", &info.source},
                                     {"precision", &info.precision},
                                     {"norm_statistics", &info.norm_statistics},
                                     {"cpu", &info.cpu},
                                     {"source_recording", &info.source_recording}}) {
      const auto found = top.find(name);
      if (found != top.end() && !ReadText(*found, text))
        return InvalidArgument("its \"" + std::string(name) + "\" is no text");
    }
    const auto among = [](const std::string& word, std::initializer_list<const char*> words) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (!among(info.precision, {"auto", "fp32", "bf16", "int8"}))
      return InvalidArgument("its precision is none of auto, fp32, bf16, int8");
    if (!among(info.norm_statistics, {"exact", "smoothed", "carried"}))
      return InvalidArgument("its norm_statistics are none of exact, smoothed, carried");
    return OkStatus();
  }

  Timeline* const to_;
  Status failure_;
  int64_t events_ = 0;
};

Result<std::string> TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("cannot open the timeline '" + path + "'");
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    text.append(buffer.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > kMostBytes)
      return InvalidArgument("'" + path + "' is no timeline: it has more than " +
                             std::to_string(kMostBytes >> 20) + " MB");
  }
  return text;
}

// What a killed session left ends within a line, or behind one: without that, and with the end that it lacks.
// False: it is none.
bool Mend(std::string* text) {
  static constexpr char kHead[] = "\"events\":[\n";
  const size_t head = text->find(kHead), line = text->rfind("},\n");
  if (head == std::string::npos || !text->starts_with("{\"tempera_timeline\"")) return false;
  const size_t end = line != std::string::npos && line > head ? line + 1 : head + sizeof kHead - 1;
  text->resize(end);
  text->append("]}");
  return true;
}

// `broken`: it is no JSON as it stands.
Status Parse(const std::string& text, Timeline* to, bool* broken) {
  *to = {};
  Maker maker(to);
  int64_t values = 0;
  bool large = false;
  const auto look = [&](int depth, Json::parse_event_t event, Json& json) {
    large = large || ++values > kMostValues || depth > kMostDepth;
    if (large) return false;
    if (event != Json::parse_event_t::object_end || depth != 2) return true;
    values = 0;
    return maker.Take(json);
  };
  const Json top = Json::parse(text, look, false);  // without exceptions
  if (large) return InvalidArgument("an event in it is larger than any");
  *broken = !top.is_object();
  if (*broken) return InvalidArgument("it is not JSON");
  return maker.Finish(top);
}

}  // namespace

Result<Timeline> ReadTimeline(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(std::string text, TextOf(path));
  Timeline timeline;
  bool broken = false;
  Status status = Parse(text, &timeline, &broken);
  if (broken && Mend(&text)) status = Parse(text, &timeline, &broken);
  if (status.ok()) return timeline;
  return Status(status.code(), "'" + path + "' is no timeline of tempera live: " + status.message());
}

}  // namespace tempera::live
