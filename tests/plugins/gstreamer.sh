#!/bin/bash
# The GStreamer element, against what the command paints of the same frames.
#   gstreamer.sh TEMPERA FOLDER_OF_THE_PLUGIN GST_FRAMES TINY_MODEL MODELS BUILD SCRATCH
set -euo pipefail
tempera=$1 plugin=$2 frames=$3 tiny=$4 models=$5 build=$6 work=$7
for program in gst-launch-1.0 gst-inspect-1.0 ffmpeg; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
rm -rf "$work"
mkdir -p "$work"
export GST_REGISTRY=$work/registry GST_PLUGIN_PATH=$plugin TEMPERA_STYLES=$models
unset GST_DEBUG LD_LIBRARY_PATH
for element in videotestsrc concat appsink; do
  gst-inspect-1.0 --exists $element || { echo "skipped: GStreamer has no $element (gstreamer1.0-plugins-base)"; exit 77; }
done
source "$(dirname "$0")/../cli/expect.bash"
export TEMPERA_CACHE=$work/cache # a new one, which both fill

source_of() { # FORMAT SIZE FRAMES [MORE CAPS]
  echo "videotestsrc pattern=ball num-buffers=$3 ! video/x-raw,format=$1,width=${2%x*},height=${2#*x},framerate=10/1${4:+,$4}"
}
expect_bytes() { # A B WHAT
  checks=$((checks + 1))
  cmp -s "$1" "$2" || fail "$3: $(cmp "$1" "$2" 2>&1 || true) $(stat -c %s "$1" "$2" | paste -sd' ')"
}
expect_other() {
  checks=$((checks + 1))
  ! cmp -s "$1" "$2" || fail "$3: nothing differs"
}
through() { # FILE SOURCE PROPERTIES [OPTIONS]
  local file=$1 source=$2 properties=$3
  shift 3
  expect_success "$frames" "$@" "$source ! temperavideo name=paint $properties ! appsink name=out sync=false" "$file"
}
plain() { expect_success "$frames" "$2 ! appsink name=out sync=false" "$1"; }
pixels_of() { # FORMAT: FFmpeg's name
  case $1 in I420) echo yuv420p ;; NV12) echo nv12 ;; RGBA) echo rgba ;; BGRx) echo bgr0 ;; esac
}
# What the command makes of I420 frames, through Y4M.
command_film() { # FROM TO SIZE OPTIONS...
  local from=$1 to=$2 size=$3
  shift 3
  checks=$((checks + 1))
  ffmpeg -nostdin -v error -f rawvideo -pix_fmt yuv420p -s "$size" -r 10 -i "$from" -f yuv4mpegpipe - |
    "$tempera" stylize - -o - "$@" 2>"$work/stderr" |
    ffmpeg -nostdin -v error -y -f yuv4mpegpipe -i - -f rawvideo -pix_fmt yuv420p "$to" ||
    fail "the command: $(cat "$work/stderr")"
}

# The face that it shows.
checks=$((checks + 3))
GST_DEBUG=2 GST_DEBUG_NO_COLOR=1 gst-inspect-1.0 temperavideo >"$work/inspect" 2>"$work/stderr" || fail "gst-inspect"
[ ! -s "$work/stderr" ] || fail "gst-inspect: $(head -n 3 "$work/stderr")"
for property in style blend strength stroke-size steadiness keep-colors brightness contrast threads short-side \
  mask mask-of outside feather threshold mask-hold mask-every; do
  grep -q "^  $property " "$work/inspect" || fail "gst-inspect shows no $property"
done

# YCbCr to the byte, films and all: rows of 66 pixels are padded to 68 by GStreamer, and sizes may be odd.
for size in 66x34 97x55 320x180; do
  plain "$work/in" "$(source_of I420 $size 4 colorimetry=bt601)"
  through "$work/painted" "$(source_of I420 $size 4 colorimetry=bt601)" 'style=great-wave'
  command_film "$work/in" "$work/command" $size --style great-wave
  expect_bytes "$work/painted" "$work/command" "I420 $size"
  expect_other "$work/painted" "$work/in" "I420 $size"
  # NV12 holds the same pixels; ball's are made in RGB and converted alike.
  plain "$work/in.nv12" "$(source_of NV12 $size 4 colorimetry=bt601)"
  through "$work/painted.nv12" "$(source_of NV12 $size 4 colorimetry=bt601)" 'style=great-wave'
  for file in in painted; do
    ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt nv12 -s $size -i "$work/$file.nv12" -f rawvideo -pix_fmt yuv420p "$work/$file.i420"
  done
  expect_bytes "$work/in.i420" "$work/in" "NV12 $size, the source"
  expect_bytes "$work/painted.i420" "$work/painted" "NV12 $size"
done
# Other properties, and rows that are longer than need be.
size=96x64 i420=$(source_of I420 96x64 4 colorimetry=bt601)
plain "$work/in" "$i420"
same() { # WHAT PROPERTIES OPTIONS OF THE COMMAND
  through "$work/painted" "$i420" "$2"
  command_film "$work/in" "$work/command" $size "${@:3}"
  expect_bytes "$work/painted" "$work/command" "$1"
  through "$work/painted" "$i420" "$2" --pad 40
  expect_bytes "$work/painted" "$work/command" "$1, padded rows"
}
same 'as it begins' '' --style starry-night
same 'a style of many, strokes' 'style=udnie stroke-size=0.25' --style udnie --param stroke_size=0.25
same 'a blend' 'blend="great-wave=0.7,udnie=0.3"' --blend great-wave=0.7,udnie=0.3
same 'a file' "style=$tiny strength=0.4" --style "$tiny" --strength 0.4
same 'steadier' 'steadiness=0.9' --style starry-night --steadiness 0.9
same 'by itself' 'steadiness=0' --style starry-night --temporal off
same 'colours kept' 'keep-colors=true' --style starry-night --keep-colors
same 'light' 'brightness=0.1 contrast=1.2' --style starry-night --param brightness=0.1 --param contrast=1.2
same 'smaller, one thread' 'short-side=48 threads=1' --style starry-night --height 48
# Matrix and range of the stream count: with another one the same bytes are other colours.
through "$work/bt709" "${i420/bt601/bt709}" ''
through "$work/full" "${i420/bt601/1:4:0:0}" ''
expect_other "$work/bt709" "$work/full" 'the range'

# RGB against a picture of the same pixels.
for format in RGBA BGRx; do
  for size in 33x17 96x64; do
    plain "$work/in" "$(source_of $format $size 1)"
    through "$work/painted" "$(source_of $format $size 1)" 'style=the-scream'
    through "$work/padded" "$(source_of $format $size 1)" 'style=the-scream' --pad 28
    ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt "$(pixels_of $format)" -s $size -i "$work/in" -pix_fmt rgb24 "$work/in.png"
    expect_success "$tempera" stylize "$work/in.png" -o "$work/out.png" --style the-scream
    ffmpeg -nostdin -v error -y -i "$work/out.png" -f rawvideo -pix_fmt rgb24 "$work/command"
    for file in painted padded; do
      ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt "$(pixels_of $format)" -s $size -i "$work/$file" -f rawvideo -pix_fmt rgb24 "$work/$file.rgb"
      expect_bytes "$work/$file.rgb" "$work/command" "$format $size $file"
    done
  done
done

# One stream of several forms.
expect_success "$frames" "concat name=c ! temperavideo name=paint style=great-wave ! appsink name=out sync=false
  $(source_of I420 66x34 2 colorimetry=bt601) ! c. $(source_of RGBA 96x64 2) ! c. $(source_of NV12 97x55 2 colorimetry=bt601) ! c." "$work/joined"
: >"$work/apart"
for part in 'I420 66x34 2 colorimetry=bt601' 'RGBA 96x64 2' 'NV12 97x55 2 colorimetry=bt601'; do
  # shellcheck disable=SC2086
  through "$work/part" "$(source_of $part)" style=great-wave
  cat "$work/part" >>"$work/apart"
done
expect_bytes "$work/joined" "$work/apart" 'changes of form'

# Turned while it plays; what does not follow begins anew.
frame() { dd if="$1" bs=$((96 * 64 * 3 / 2)) skip="$2" count="${3:-1}" status=none; } # FILE FROM COUNT
through "$work/painted" "$i420" 'steadiness=0' # frames by themselves
through "$work/udnie" "$i420" 'steadiness=0 style=udnie'
through "$work/turned" "$i420" 'steadiness=0' --turn 2 style=udnie
{ frame "$work/painted" 0 2; frame "$work/udnie" 2 2; } >"$work/wanted"
expect_bytes "$work/turned" "$work/wanted" 'a style turned while it plays'
through "$work/weak" "$i420" 'steadiness=0 strength=0.5'
through "$work/turned" "$i420" 'steadiness=0' --turn 2 strength=0.5
{ frame "$work/painted" 0 2; frame "$work/weak" 2 2; } >"$work/wanted"
expect_bytes "$work/turned" "$work/wanted" 'strength turned while it plays'
through "$work/fade" "$(source_of I420 96x64 11 colorimetry=bt601)" 'steadiness=0' --fade strength
through "$work/half" "$(source_of I420 96x64 11 colorimetry=bt601)" 'steadiness=0 strength=0.5'
plain "$work/eleven" "$(source_of I420 96x64 11 colorimetry=bt601)"
through "$work/whole" "$(source_of I420 96x64 11 colorimetry=bt601)" 'steadiness=0'
for at in '0 eleven' '5 half' '10 whole'; do
  frame "$work/fade" "${at% *}" >"$work/a"
  frame "$work/${at#* }" "${at% *}" >"$work/b"
  expect_bytes "$work/a" "$work/b" "frame ${at% *} of a strength that a controller moves"
done
through "$work/steady" "$i420" 'steadiness=0.9'
through "$work/cut" "$i420" 'steadiness=0.9' --discont 2
frame "$work/steady" 2 >"$work/a"
frame "$work/cut" 2 >"$work/b"
frame "$work/painted" 2 >"$work/c"
expect_other "$work/a" "$work/c" 'a steady frame'
expect_bytes "$work/b" "$work/c" 'a frame behind a discontinuity'
through "$work/again" "${i420/num-buffers=4/}" 'steadiness=0.9' --again 3
frame "$work/again" 0 3 >"$work/a"
frame "$work/again" 3 3 >"$work/b"
expect_bytes "$work/a" "$work/b" 'after a seek to the beginning'

# Late frames are skipped, counted and said, and no other leaves the element than those that it painted. Without QoS, or in
# time, none is skipped.
late="videotestsrc num-buffers=300 ! video/x-raw,format=I420,width=640,height=360,framerate=1000/1"
count() { awk -v word="$1" '{ for (i = 1; i < NF; ++i) if ($i == word) print $(i + 1) }' "$work/stdout"; }
counted() { # WHAT SOURCE PROPERTIES ALL BYTES_OF_A_FRAME WHAT_IS_TRUE_OF_SKIPPED
  expect_success "$frames" "$2 ! temperavideo name=paint $3 ! appsink name=out sync=true qos=true" "$work/late"
  checks=$((checks + 1))
  local painted skipped
  painted=$(count painted) skipped=$(count skipped)
  (( (skipped $6) && ($(count qos) $6) && painted + skipped == $4 && $(stat -c %s "$work/late") == painted * $5)) ||
    fail "$1: $(cat "$work/stdout")"
}
counted 'late frames' "$late" '' 300 $((640 * 360 * 3 / 2)) '> 100'
counted 'late frames without QoS' "${late/300/20}" qos=false 20 $((640 * 360 * 3 / 2)) '== 0'
counted 'frames in time' "$(source_of I420 96x64 10)" '' 10 $((96 * 64 * 3 / 2)) '== 0'

# What cannot be painted ends the pipeline in one line; it neither hangs nor crashes.
refused() { # PATTERN COMMAND...
  checks=$((checks + 1))
  local got=0
  timeout 60 "${@:2}" >"$work/stdout" 2>&1 </dev/null || got=$?
  # gst-launch-1.0 ends with 1 or 255, by how far the pipeline came.
  [ $got -eq 1 ] || [ $got -eq 255 ] || fail "exit code $got, wanted 1 or 255: ${*:2}"
  grep -qE "$1" "$work/stdout" || fail "not '$1': $(cat "$work/stdout")"
}
launch() { refused "$1" gst-launch-1.0 videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48"${3:+,$3}" ! temperavideo "$2" ! fakesink; }
launch "no style 'nosuch' in .*starry-night" style=nosuch
launch 'gone.onnx: no such model file; give' style=gone.onnx
launch 'is no share of a blend' blend=x=two
launch "blends 'x'" blend=x=1
refused 'no style .nosuch.' "$frames" --turn 2 style=nosuch "$i420 ! temperavideo name=paint ! appsink name=out sync=false" "$work/refused"
TEMPERA_STYLES=$work/none launch 'TEMPERA_STYLES is .*no folder' style=udnie
# (An error of the first frame makes gst-launch-1.0 1.22 hang now and then, that of `identity error-after=1` as well.)
refused 'transfer 16 .PQ.* is not painted; map' "$frames" "$(source_of I420 64x48 3 colorimetry=2:9:14:7) ! temperavideo name=paint style=$tiny ! appsink name=out" "$work/refused"

# Installed and moved.
expect_success cmake --install "$build" --prefix "$work/prefix"
mv "$work/prefix" "$work/moved prefix"
unset TEMPERA_STYLES
installed=$(dirname "$(find "$work/moved prefix" -name libgsttempera.so)")
through "$work/painted" "$i420" style=great-wave
GST_PLUGIN_PATH=$installed GST_REGISTRY=$work/registry2 through "$work/installed" "$i420" style=great-wave
expect_bytes "$work/installed" "$work/painted" 'the installed element'
checks=$((checks + 1))
GST_PLUGIN_PATH=$installed GST_REGISTRY=$work/registry2 gst-inspect-1.0 temperavideo | grep -F "$installed" >/dev/null ||
  fail 'the installed element is not the one that was tried'
finish
