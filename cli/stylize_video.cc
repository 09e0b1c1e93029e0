// Decode, paint, encode: three threads with short queues between them, so that the cores that the
// network leaves are used and memory stays at a handful of frames.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "cli/cli.h"
#include "cli/mask/mask_report.h"
#include "cli/progress.h"
#include "cli/stylize_job.h"
#include "media/bounded_queue.h"
#include "media/film/series.h"
#include "media/mask/alpha_codec.h"
#include "media/reader.h"
#include "media/writer.h"

namespace tempera::cli {
namespace {

using media::Frame;

// Frames waiting between two stages: enough to ride out a key frame, little memory at 8K.
constexpr size_t kQueueFrames = 3;

// Prints those not printed yet, as one line.
void PrintNotices(const std::vector<std::string>& notices, std::vector<std::string>* printed) {
  std::string line;
  for (const std::string& n : notices) {
    if (std::find(printed->begin(), printed->end(), n) != printed->end()) continue;
    printed->push_back(n);
    line += (line.empty() ? "" : "; ") + n;
  }
  if (!line.empty()) Note(line);
}

void IgnoreSignal(int) {}

class Pipeline {
 public:
  // start_s: where in the film the reader began.
  Pipeline(media::VideoReader* reader, media::VideoWriter* writer, Painter* painter, double start_s,
           const std::atomic<bool>& interrupt)
      : start_s_(start_s),
        reader_(reader),
        writer_(writer),
        painter_(painter),
        interrupt_(interrupt),
        progress_(reader->info().estimated_frames) {}

  // Ends with the input, with an error, or when interrupted; all threads are gone then.
  Status Run() {
    std::thread decoding, encoding;
    Status status;
    try {
      decoding = std::thread([this] { Decode(); });
      encoding = std::thread([this] { Encode(); });
    } catch (const std::system_error& e) {
      status = OutOfMemory(std::string("cannot start a thread: ") + e.what());
    }
    if (status.ok()) status = Paint();
    // Painted frames are still written when interrupted, and not after an error.
    if (status.ok()) {
      painted_.Close();
    } else {
      painted_.Abort();
    }
    if (encoding.joinable()) encoding.join();
    decoded_.Abort();
    // Nobody takes frames any more, whatever the reason. A reader that came to its end is not stopped: it
    // then says whether the file was cut short.
    if (!decoding_done_.load()) reader_->Stop();
    if (decoding.joinable()) StopDecoding(&decoding);
    if (status.ok()) status = write_status_;
    if (status.ok() && !interrupt_.load()) status = read_status_;
    return status;
  }

  int64_t frames() const { return frames_; }
  double masked_share() const {
    return masked_ < 0 || frames_ == 0 ? -1 : masked_ / static_cast<double>(frames_);
  }
  int64_t empty_masks() const { return empty_masks_; }
  Progress& progress() { return progress_; }

 private:
  void Decode() {
    while (!interrupt_.load()) {
      Result<std::optional<Frame>> frame = reader_->Read();
      if (!frame.ok()) {
        read_status_ = frame.status();
        break;
      }
      if (!frame->has_value() || !decoded_.Push(*std::move(frame).value())) break;
    }
    decoding_done_ = true;
    decoded_.Close();
  }

  Status Paint() {
    while (!interrupt_.load() && !write_failed_.load()) {
      bool waiting = false;
      std::optional<Frame> in = decoded_.PopFor(std::chrono::milliseconds(100), &waiting);
      if (!in && waiting) continue;  // to look at the interrupt, and at the writer
      if (!in) {
        TEMPERA_RETURN_IF_ERROR(painter_->AtEnd());
        break;
      }
      for (const int64_t moment_us : painter_->MomentsOf(read_++, in->pts_us)) {
        if (interrupt_.load()) break;
        TEMPERA_ASSIGN_OR_RETURN(Frame out, Frame::AllocateLike(*in));
        SetTime(moment_us, &out);
        TEMPERA_RETURN_IF_ERROR(painter_->SetMoment(start_s_ + static_cast<double>(moment_us) * 1e-6));
        TEMPERA_RETURN_IF_ERROR(painter_->Paint(*in, &out));
        CountMask();
        SayNotes();
        if (!painted_.Push(std::move(out))) return OkStatus();  // the writer failed and says why
        progress_.Update(++frames_);
      }
    }
    return OkStatus();
  }

  void CountMask() {
    const double share = painter_->masked_share();
    if (share < 0) return;
    masked_ = std::max(masked_, 0.0) + share;
    empty_masks_ += share < kEmptyMask;
  }

  // A painting that is shown at another time than its frame.
  void SetTime(int64_t moment_us, Frame* out) {
    if (moment_us != out->pts_us) {
      const media::Rational& tick = reader_->info().time_base;
      const double ticks = static_cast<double>(moment_us) * 1e-6 * tick.den / tick.num;
      // Two within a tick are shown one tick apart.
      out->pts = std::max(static_cast<int64_t>(std::llround(ticks)), last_pts_ + 1);
      out->pts_us = moment_us;
      out->duration = 0;
    }
    last_pts_ = out->pts;
  }

  void Encode() {
    while (std::optional<Frame> frame = painted_.Pop()) {
      write_status_ = writer_->Write(*frame);
      if (write_status_.ok()) continue;
      write_failed_ = true;
      break;
    }
    painted_.Abort();
  }

  // The decoder may sit in a read of a pipe that nobody fills: only a signal of its own gets it out,
  // and it may come just before the read, so it is repeated.
  void StopDecoding(std::thread* decoding) {
    struct sigaction nudge = {}, before = {};
    nudge.sa_handler = IgnoreSignal;
    sigemptyset(&nudge.sa_mask);
    sigaction(SIGUSR2, &nudge, &before);
    while (!decoding_done_.load()) {
      pthread_kill(decoding->native_handle(), SIGUSR2);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    decoding->join();
    sigaction(SIGUSR2, &before, nullptr);
  }

  const double start_s_;
  media::VideoReader* const reader_;
  media::VideoWriter* const writer_;
  Painter* const painter_;
  const std::atomic<bool>& interrupt_;
  media::BoundedQueue<Frame> decoded_{kQueueFrames};
  media::BoundedQueue<Frame> painted_{kQueueFrames};
  Status read_status_, write_status_;  // each of its own thread until that is joined
  std::atomic<bool> decoding_done_{false}, write_failed_{false};
  int64_t frames_ = 0, read_ = 0;
  int64_t last_pts_ = -1;  // of what was painted last
  double masked_ = -1;     // summed shares; negative: there is no mask
  int64_t empty_masks_ = 0;
  Progress progress_;
};

// That a film is shorter than what goes with it may be a picture that lacks.
Status WithGap(const std::string& input, const Status& status) {
  const auto series = media::FindSeries(input);
  if (!series.ok() || !series->has_value() || (*series)->missing.empty()) return status;
  return Status(status.code(), status.message() + "; '" + input + "' has no picture " + (*series)->missing);
}

}  // namespace

Result<StylizeSummary> StylizeVideo(const StylizeJob& job, Painter* painter,
                                    const std::atomic<bool>& interrupt) {
  TEMPERA_RETURN_IF_ERROR(media::CheckVideoName(job.output));
  media::ReaderOptions from;
  from.start_s = job.start_s;
  from.duration_s = job.duration_s;
  from.detelecine = job.detelecine;
  from.cancel = &interrupt;
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<media::VideoReader> reader,
                           media::VideoReader::Open(job.input, from));
  media::VideoInfo info = reader->info();
  if (info.single_picture && !media::IsSeriesOutput(job.output)) {
    return InvalidArgument("'" + job.input +
                           "' is a picture: give -o a name in .png, .jpg, .webp, .tif or .bmp");
  }
  if (const Status begun = painter->Begin(info); !begun.ok()) return WithGap(job.input, begun);
  media::WriterOptions to;
  to.codec = job.codec;
  to.crf = job.crf;
  const bool mask = painter->makes() == Painter::Makes::kMask;
  if (mask) info.has_alpha = false;
  to.lossless_pictures = mask;
  if (painter->makes() == Painter::Makes::kCutout) {
    info.has_alpha = true;
    TEMPERA_ASSIGN_OR_RETURN(to.codec, media::ChooseAlphaCodec(job.codec, job.output));
  }
  // A mask has no sound.
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<media::VideoWriter> writer,
                           media::VideoWriter::Open(job.output, info, mask ? nullptr : reader.get(), to));
  StylizeSummary summary;
  const auto all_notices = [&] {
    std::vector<std::string> all = reader->notices();
    if (painter->PaintsAlpha() && painter->makes() == Painter::Makes::kPainting)
      all.push_back("the transparency that this style paints is dropped in films: pictures keep it (.png)");
    const std::vector<std::string> more = writer->notices();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  PrintNotices(all_notices(), &summary.notices);

  Pipeline pipeline(reader.get(), writer.get(), painter, job.start_s, interrupt);
  const Status status = pipeline.Run();
  summary.interrupted = interrupt.load();
  summary.frames = pipeline.frames();
  summary.masked_share = pipeline.masked_share();
  summary.empty_masks = pipeline.empty_masks();
  if (!status.ok()) {
    pipeline.progress().Clear();
    return status;
  }
  if (summary.frames == 0) {
    pipeline.progress().Clear();
    return Status(StatusCode::kCancelled, "stopped before the first frame: nothing was written");
  }
  SayNotes();
  const Status finished = writer->Finish();
  summary.seconds = pipeline.progress().seconds();
  pipeline.progress().Clear();
  TEMPERA_RETURN_IF_ERROR(finished);
  PrintNotices(all_notices(), &summary.notices);
  if (std::string notice = MaskNotice(summary); !notice.empty())
    PrintNotices({std::move(notice)}, &summary.notices);
  summary.width = info.width;
  summary.height = info.height;
  summary.codec = writer->codec_name();
  return summary;
}

}  // namespace tempera::cli
