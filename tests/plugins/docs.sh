#!/bin/bash
# The commands of docs/plugins.md, as they stand there: every block that begins with ```sh is run, and what it writes is a
# film that plays, as long as its source, and is not the source.
#   docs.sh TEMPERA FREI0R_FOLDER GSTREAMER_FOLDER MODELS PAGE SCRATCH MASK
# MASK, a network, is what the page calls person.
set -euo pipefail
tempera=$1 frei0r=$2 gstreamer=$3 models=$4 page=$5 work=$6 mask=$7
for program in ffmpeg ffprobe melt gst-launch-1.0 gst-inspect-1.0; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
rm -rf "$work"
mkdir -p "$work/bin" "$work/run" "$work/styles/masks"
ln -s "$models"/*.onnx "$work/styles/"
cp "$mask" "$work/styles/masks/person.onnx"
export FREI0R_PATH=$frei0r GST_PLUGIN_PATH=$gstreamer TEMPERA_STYLES=$work/styles GST_REGISTRY=$work/registry
unset LD_LIBRARY_PATH DISPLAY GST_DEBUG MLT_FREI0R_PLUGIN_PATH
for element in qtdemux avdec_h264 vp8enc webmmux; do
  gst-inspect-1.0 --exists $element ||
    { echo "skipped: GStreamer has no $element (gstreamer1.0-plugins-good, gstreamer1.0-libav)"; exit 77; }
done
source "$(dirname "$0")/../cli/expect.bash"
export TEMPERA_CACHE=$work/cache
ln -s "$tempera" "$work/bin/tempera"
ln -s "$(realpath "$(dirname "$0")/melt")" "$work/bin/melt"
export PATH=$work/bin:$PATH
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=320x176:r=10:d=1.5 -f lavfi -i sine=d=1.5 \
  -pix_fmt yuv420p -c:v libx264 -qp 10 -c:a aac "$work/run/film.mp4"

awk -v folder="$work" '
  /^```sh$/ { file = sprintf("%s/block%02d", folder, ++count); next }
  /^```/ { file = "" }
  file != "" { print > file }' "$page"
small() { ffmpeg -nostdin -v error -i "$1" -vf "select=eq(n\,7),scale=32:18:flags=area,format=gray" -frames:v 1 -f rawvideo - | od -An -v -tu1 -w1; }
blocks=0
for block in "$work"/block*; do
  blocks=$((blocks + 1))
  expect_success bash -euo pipefail -c "cd '$work/run' && source '$block'"
  ! grep -q 'tempera' "$work/stderr" || fail "$(basename "$block") said: $(grep tempera "$work/stderr" | head -n 3)"
done
checks=$((checks + 1))
[ "$blocks" -ge 6 ] || fail "$blocks blocks of commands, wanted at least 6"
for film in painted.mp4 blended.mp4 narrow.mp4 piped.mp4 painted.webm melted.mp4 person.mp4 background.webm; do
  expect_frames "$work/run/$film" 15 15
  [ -f "$work/run/$film" ] || continue
  # Mean difference of a frame, shrunken, from the source's: codecs make one of a level, painting of many.
  checks=$((checks + 1))
  far=$(paste <(small "$work/run/film.mp4") <(small "$work/run/$film") | awk '{ d = $1 - $2; sum += d < 0 ? -d : d } END { print int(sum / NR) }')
  [ "$far" -ge 4 ] || fail "$film differs from its source by $far levels: not painted"
done
for film in painted.mp4 blended.mp4 narrow.mp4 piped.mp4 person.mp4; do
  checks=$((checks + 1))
  [ "$(ffmpeg -nostdin -v error -i "$work/run/$film" -map 0:a -c copy -f md5 -)" = \
    "$(ffmpeg -nostdin -v error -i "$work/run/film.mp4" -map 0:a -c copy -f md5 -)" ] || fail "$film has another sound"
done
checks=$((checks + 1))
[ "$(ffprobe -v error -select_streams v -show_entries stream=width,height -of csv=p=0 "$work/run/narrow.mp4")" = 300,166 ] ||
  fail "narrow.mp4 is $(ffprobe -v error -select_streams v -show_entries stream=width,height -of csv=p=0 "$work/run/narrow.mp4")"
finish
