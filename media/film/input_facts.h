// What the header of a film tells, and how far it can be believed. Private to media/.
#pragma once

#include <optional>
#include <string>

#include "media/ffmpeg.h"
#include "media/normalizer.h"
#include "media/reader.h"

namespace tempera::media {

// The number of the stream to paint. Errors begin with `name`, and say why there is none.
Result<int> ChooseVideo(AVFormatContext& input, const std::string& name);

// The part of its pictures that is to be seen, where the film that begins at that byte of the file says so;
// corrects the shape of their pixels.
std::optional<Crop> SeenPart(const std::string& path, const AVFormatContext& input, AVStream* video,
                             int64_t begin);

// Whether a seek in it is a guess: by the bytes, by clocks that may begin anew, or by times that are not
// there.
bool LacksIndex(const AVFormatContext& input, const AVStream& stream);

// A field of ones is what writers put where they do not know; 0 then.
int64_t BelievedDuration(const AVStream& stream);

// The bytes at the end of the file that FFmpeg left alone though it should not have; 0 elsewhere. read_to:
// where the last packet ends.
int64_t UnreadEnd(const AVFormatContext& input, int64_t read_to);
std::string UnreadNote(int64_t bytes);

// Of a film of which no frame came; said: FFmpeg's complaint; start_s: where it was to begin, or 0.
Status NoFrame(const std::string& name, double start_s, const std::string& said);

// "12.5", without trailing zeros.
std::string Seconds(double seconds);

// Frames that the decoder repaired, and that it could not decode.
std::string DamageNote(int64_t repaired, int64_t lost);
// A film that ends before its header says so; seconds.
std::string BreakNote(double got, double said);

// Why telecine cannot be taken back at this rate; "" where it can.
std::string NoTelecineNote(AVRational rate);
// Of a joined film whose second part numbers its streams in another way; seconds.
std::string MovedOnNote(double at);
// Of a film from afar without an index.
inline constexpr char kByOwnClock[] =
    "--start was found by the file's own clock, which may jump where parts are joined: load the film down "
    "for "
    "an exact one";

// Whether the input is a picture file, and no series of them.
bool IsSinglePicture(const AVFormatContext& input);

// What is known before the first frame is painted, of which frame_rate is there already. first: as it will be
// given.
void DescribeVideo(AVFormatContext* input, int video, const AVFrame& first, const ReaderOptions& options,
                   bool detelecined, VideoInfo* info);

}  // namespace tempera::media
