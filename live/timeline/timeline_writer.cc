#include "live/timeline/timeline_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "live/timeline/timeline_frame.h"
#include "live/timeline/timeline_mask.h"
#include "live/timeline/timeline_text.h"
#include "src/base/cpu.h"

namespace tempera::live {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kSecond = 1'000'000'000;
// A line of frames has at most that many: some kilobytes.
constexpr size_t kMostWaiting = 256;
// Sources older than so many frames are not painted any more: queues hold one.
constexpr size_t kMostCaptured = 4096;

std::string Text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Status Failed(const std::string& path) {
  return IoError("cannot write the timeline '" + path + "': " + std::strerror(errno));
}

// One that was not there.
Result<int> MakeFile(const std::string& path, std::string* name) {
  constexpr int kMostLeft = 1000;
  for (int i = 1; i <= kMostLeft; ++i) {
    *name = path + (i == 1 ? "" : "." + std::to_string(i)) + ".part";
    const int file = open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) return file;
    if (errno != EEXIST) return Failed(*name);
  }
  return IoError("cannot write the timeline '" + path + "': " + std::to_string(kMostLeft) +
                 " unfinished ones lie beside it: remove " + path + "*.part");
}

}  // namespace

Result<std::unique_ptr<TimelineWriter>> TimelineWriter::Create(const std::string& path,
                                                               const TimelineInfo& info) {
  std::string write_path;
  TEMPERA_ASSIGN_OR_RETURN(const int file, MakeFile(path, &write_path));
  std::unique_ptr<TimelineWriter> writer(new TimelineWriter(file, path, write_path));
  Json head;
  head["tempera_timeline"] = 1;
  head["source"] = info.source;
  head["precision"] = info.precision;
  head["norm_statistics"] = info.norm_statistics;
  const Result<CpuTarget> cpu = ChooseCpuTarget();
  head["cpu"] = !info.cpu.empty() ? info.cpu : cpu.ok() ? cpu->name : "";
  if (!info.source_recording.empty()) head["source_recording"] = info.source_recording;
  std::string text = Text(head);
  text.pop_back();
  std::lock_guard lock(writer->mutex_);
  writer->Write(text + ",\"events\":[\n");
  writer->written_.source = 0;
  if (!writer->trouble_.empty()) {
    std::remove(write_path.c_str());
    return IoError(writer->trouble_);
  }
  return writer;
}

TimelineWriter::~TimelineWriter() {
  std::lock_guard lock(mutex_);
  if (file_ < 0) return;
  WriteFrames();
  close(file_);
}

void TimelineWriter::Captured(const SourceFrame& frame) {
  std::lock_guard lock(mutex_);
  if (captured_ == 0 && painted_ == 0) first_ns_ = frame.captured_ns;
  waiting_.push_back({frame.number, frame.captured_ns, captured_++});
  if (waiting_.size() > kMostCaptured) waiting_.pop_front();
}

int64_t TimelineWriter::IndexOf(const SourceFrame& frame) {
  // From the newest on: a source that was opened again may count from 0 again.
  const auto found = std::find_if(waiting_.rbegin(), waiting_.rend(), [&](const Waiting& w) {
    return w.number == frame.number && w.captured_ns == frame.captured_ns;
  });
  if (found == waiting_.rend()) return last_.source;
  const int64_t index = found->index;
  while (waiting_.front().index < index) waiting_.pop_front();
  return std::max(index, last_.source);
}

int64_t TimelineWriter::TimeOf(const PaintedFrame& painted, int64_t source) {
  const int64_t captured_us = (painted.source.captured_ns - first_ns_) / 1000;
  if (painted_ == 0) return std::max<int64_t>(0, captured_us);
  const bool again = source == last_.source;
  const int64_t passed_us = (painted.painted_ns - last_painted_ns_) / 1000;
  return std::max(again ? last_.time_us + passed_us : captured_us, last_.time_us + 1);
}

void TimelineWriter::Painted(const PaintedFrame& painted, const Settings& settings, const Change& change) {
  const uint32_t sum = SumOf(painted.source.frame);
  std::lock_guard lock(mutex_);
  if (file_ < 0 || !trouble_.empty()) return;
  // One that begins while a session runs may see a painting first, of a frame from before.
  if (captured_ == 0 && painted_ == 0) first_ns_ = painted.source.captured_ns;
  WriteChange(settings, change, painted.source.frame);
  TimelineFrame frame;
  frame.source = IndexOf(painted.source);
  frame.time_us = TimeOf(painted, frame.source);
  frame.sum = sum;
  frames_.push_back(frame);
  last_ = frame;
  last_painted_ns_ = painted.painted_ns;
  ++painted_;
  if (flushed_ns_ == 0) flushed_ns_ = painted.painted_ns;
  if (frames_.size() >= kMostWaiting || painted.painted_ns - flushed_ns_ >= kSecond) {
    WriteFrames();
    flushed_ns_ = painted.painted_ns;
  }
}

void TimelineWriter::WriteChange(const Settings& settings, const Change& change, const media::Frame& frame) {
  TimelineState now = state_;
  now.style = settings.style;
  now.asked_height = settings.height;
  now.mirror = settings.mirror;
  now.width = frame.width, now.lines = frame.height;
  now.matrix = static_cast<int>(frame.matrix);
  now.full_range = frame.full_range;
  std::string text;
  const auto say = [&](const char* name, const std::string& value) {
    text += std::string(text.empty() ? "" : ", ") + "\"" + name + "\": " + value;
  };
  const auto said = [](bool on) { return std::string(on ? "true" : "false"); };
  if (!change.path.empty()) {
    now.path = change.path;
    now.height = change.height;
    now.model_bytes = FileBytes(change.path);
    say("open", Text(now.path));
    say("model_bytes", std::to_string(now.model_bytes));
    say("height", std::to_string(now.height));
  }
  if (now.style != state_.style) say("style", Text(now.style));
  if (now.asked_height != state_.asked_height) say("asked_height", std::to_string(now.asked_height));
  if (now.mirror != state_.mirror) say("mirror", said(now.mirror));
  if (now.width != state_.width || now.lines != state_.lines)
    say("size", "[" + std::to_string(now.width) + "," + std::to_string(now.lines) + "]");
  if (now.matrix != state_.matrix) say("matrix", std::to_string(now.matrix));
  if (now.full_range != state_.full_range) say("full_range", said(now.full_range));
  if (!change.values.empty()) say("values", ValuesText(change.values));
  if (const std::string mask = MaskText(change.mask); !mask.empty())
    text += (text.empty() ? "" : ", ") + mask;
  if (change.reset) say("reset", "true");
  if (text.empty()) return;
  state_ = now;
  WriteFrames();
  Write("{\"change\": {" + text + "}},\n");
}

void TimelineWriter::WriteFrames() {
  if (frames_.empty()) return;
  std::string sources, times, sums;
  int64_t step = -1, count = 0;
  const auto end_run = [&] {
    if (count == 0) return;
    sources += (sources.empty() ? "[" : ",[") + std::to_string(step) + "," + std::to_string(count) + "]";
  };
  for (const TimelineFrame& frame : frames_) {
    const int64_t next = frame.source - written_.source;
    if (next != step) {
      end_run();
      step = next, count = 0;
    }
    ++count;
    times += (times.empty() ? "" : ",") + std::to_string(frame.time_us - written_.time_us);
    sums += (sums.empty() ? "" : ",") + std::to_string(frame.sum);
    written_ = frame;
  }
  end_run();
  frames_.clear();
  Write("{\"frames\": {\"source\": [" + sources + "], \"time_us\": [" + times + "], \"sum\": [" + sums +
        "]}},\n");
}

void TimelineWriter::Write(const std::string& text) {
  if (!trouble_.empty()) return;
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = write(file_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      trouble_ = Failed(write_path_).message();
      return;
    }
    done += static_cast<size_t>(n);
  }
}

Status TimelineWriter::Close() {
  std::lock_guard lock(mutex_);
  if (file_ < 0) return OkStatus();
  WriteFrames();
  Write("{\"end\": {\"captured\": " + std::to_string(captured_) +
        ", \"painted\": " + std::to_string(painted_) + "}}]}\n");
  if (trouble_.empty() && fsync(file_) != 0 && errno != EINVAL) trouble_ = Failed(write_path_).message();
  close(std::exchange(file_, -1));
  if (trouble_.empty() && std::rename(write_path_.c_str(), path_.c_str()) != 0)
    trouble_ = Failed(path_).message();
  return trouble_.empty() ? OkStatus() : IoError(trouble_);
}

std::string TimelineWriter::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace tempera::live
