// What a track beside the pictures is, and what a container does with it. Private to media/.
#pragma once

#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace tempera::media {

// How messages call it: "sound (aac)".
std::string TrackName(const AVStream& stream);

bool IsMatroska(const AVOutputFormat& container);
bool IsTextSubtitle(AVCodecID id);

// Whether the container's table of codecs has this one.
bool CanCopy(const AVOutputFormat& container, const AVStream& stream);
// Whether the muxer begins a file with the pictures (its first stream) and this stream: the table does not
// say which of their rates, channels and profiles it refuses, and such a refusal would be the end of the
// whole film.
bool MuxerStarts(const AVFormatContext& output, const AVStream& in);

// What sound becomes in that container; null: it holds none. best: where the container's own choice is an
// older kind, AAC or Opus.
const AVCodec* SoundEncoder(const AVOutputFormat& container, bool best);
// Tags but for those that described the stream as it was: counts and rates that no longer hold.
void CopyTags(AVDictionary** to, const AVDictionary* from);

// What an encoder may take for sound of that layout, the nearest first.
std::vector<AVChannelLayout> LayoutsFor(const AVChannelLayout& from);
std::string LayoutName(const AVChannelLayout& layout);
// What happens to the channels of sound, as a note goes on; "" for nothing.
std::string ChannelChange(const AVStream& in, const AVStream& out);

// Matroska keeps a cover as an attached file, of these kinds.
bool CanAttachCover(const AVStream& in);
Status AttachCover(const AVStream& in, AVFormatContext* output);

}  // namespace tempera::media
