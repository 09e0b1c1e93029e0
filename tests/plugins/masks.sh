#!/bin/bash
# Masks in the GStreamer element and the frei0r filter, against what the library itself makes of the same frames.
#   masks.sh REFERENCE MASK_MODELS TINY_MODEL MODELS GSTREAMER_FOLDER GST_FRAMES FREI0R_FOLDER SCRATCH
# "" for a folder leaves its plugin out.
set -euo pipefail
reference=$1 maker=$2 tiny=$3 models=$4 gstreamer=$5 frames=$6 frei0r=$7 work=$8
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
rm -rf "$work"
mkdir -p "$work/styles/masks"
source "$(dirname "$0")/../cli/expect.bash"
# Styles and, beside them, what is called person and finds what is bright.
for style in "$models"/*.onnx; do ln -s "$style" "$work/styles/"; done
expect_success "$maker" "$work"
mv "$work/person.onnx" "$work/styles/masks/"
person=$work/styles/masks/person.onnx two=$work/two.onnx
export TEMPERA_STYLES=$work/styles TEMPERA_CACHE=$work/cache # a new one, which all fill
export GST_REGISTRY=$work/registry GST_PLUGIN_PATH=$gstreamer FREI0R_PATH=$frei0r MLT_FREI0R_PLUGIN_PATH=$frei0r
unset GST_DEBUG LD_LIBRARY_PATH DISPLAY

expect_bytes() { # A B WHAT
  checks=$((checks + 1))
  cmp -s "$1" "$2" || fail "$3: $(cmp "$1" "$2" 2>&1 || true) $(stat -c %s "$1" "$2" | paste -sd' ')"
}
expect_other() {
  checks=$((checks + 1))
  ! cmp -s "$1" "$2" || fail "$3: nothing differs"
}
# A picture with bright and dark parts that move, and with transparency.
rgba() { # FILE SIZE FRAMES
  ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=s=$2:r=10:alpha=170" -frames:v "$3" -pix_fmt rgba -f rawvideo "$1"
}
night=$models/starry-night.onnx wave=$models/great-wave.onnx gallery=$models/gallery.onnx

in_gstreamer() {
  for program in gst-launch-1.0 gst-inspect-1.0; do
    command -v $program >/dev/null || { echo "not tried: GStreamer, for want of $program"; return 0; }
  done
  for element in videotestsrc rawvideoparse concat appsink; do
    gst-inspect-1.0 --exists $element || { echo "not tried: GStreamer has no $element (gstreamer1.0-plugins-base)"; return 0; }
  done
  source_of() { # FORMAT SIZE FRAMES
    case $1 in
      RGBA) echo "filesrc location=$work/in.rgba ! rawvideoparse format=rgba width=${2%x*} height=${2#*x} framerate=10/1" ;;
      *) echo "videotestsrc pattern=ball num-buffers=$3 ! video/x-raw,format=$1,width=${2%x*},height=${2#*x},framerate=10/1,colorimetry=bt601" ;;
    esac
  }
  through() { # FILE SOURCE PROPERTIES [OPTIONS]
    local file=$1 source=$2 properties=$3
    shift 3
    expect_success "$frames" "$@" "$source ! temperavideo name=paint $properties ! appsink name=out sync=false" "$file"
  }
  same() { # WHAT FORMAT SIZE PROPERTIES WORDS OF THE REFERENCE...
    [ "$2" != RGBA ] || rgba "$work/in.rgba" "$3" 4
    local source
    source=$(source_of "$2" "$3" 4)
    expect_success "$frames" "$source ! appsink name=out sync=false" "$work/in"
    expect_success "$reference" "$2" "$3" "$work/in" "$work/wanted" "${@:5}"
    through "$work/painted" "$source" "$4"
    expect_bytes "$work/painted" "$work/wanted" "GStreamer, $1"
    expect_other "$work/painted" "$work/in" "GStreamer, $1"
    through "$work/padded" "$source" "$4" --pad 24
    expect_bytes "$work/padded" "$work/wanted" "GStreamer, $1, padded rows"
  }
  same 'no mask' I420 66x34 '' style="$night"
  mv "$work/wanted" "$work/whole"
  same 'a person' I420 66x34 'mask=person' style="$night" mask="$person"
  expect_other "$work/wanted" "$work/whole" 'a mask'
  same 'a person' NV12 97x55 'mask=Person mask-of=inside outside=none' style="$night" mask="$person"
  same 'a person in a transparent picture' RGBA 48x32 'mask=person' style="$night" mask="$person"
  same 'all but the person' RGBA 33x17 'mask=person mask-of=background feather=3' style="$night" mask="$person" of=background feather=3
  same 'a blur' I420 96x64 'mask=person outside=blur:4 threshold=0.3 mask-hold=0.8' style="$night" mask="$person" blur=4 threshold=0.3 hold=0.8
  same 'a blur as it begins' RGBA 96x64 'mask=person outside=blur' style="$night" mask="$person" blur=share
  same 'another style outside' I420 96x64 'mask=person outside=great-wave strength=0.5' style="$night" mask="$person" outside="$wave" strength=0.5
  same 'two styles of a file' NV12 96x64 'mask=person style=udnie outside=water-lilies mask-of=background' \
    style="$gallery:udnie" mask="$person" outside="$gallery:water-lilies" of=background
  same "a file's own class" I420 96x64 "mask=$two mask-every=2" style="$night" mask="$two" every=2
  same 'a class of a file' I420 96x64 "mask=$two:Bright mask-hold=0" style="$night" mask="$two" class=bright hold=0

  # Turned while it plays: what was set holds from that frame on, to the byte.
  local size=96x64 i420
  i420=$(source_of I420 96x64 4)
  frame() { dd if="$1" bs=$((96 * 64 * 3 / 2)) skip="$2" count="${3:-1}" status=none; } # FILE FROM COUNT
  turned() { # WHAT PROPERTIES TURN PROPERTIES_AFTER
    through "$work/before" "$i420" "steadiness=0 mask-hold=0 $2"
    through "$work/after" "$i420" "steadiness=0 mask-hold=0 $4"
    through "$work/turned" "$i420" "steadiness=0 mask-hold=0 $2" --turn 2 "$3"
    { frame "$work/before" 0 2; frame "$work/after" 2 2; } >"$work/wanted"
    expect_bytes "$work/turned" "$work/wanted" "GStreamer, $1"
    expect_other "$work/turned" "$work/before" "GStreamer, $1"
  }
  turned 'a style turned' 'mask=person' style=udnie 'mask=person style=udnie'
  turned 'strength turned' 'mask=person' strength=0.4 'mask=person strength=0.4'
  turned 'a mask set' '' mask=person 'mask=person'
  turned 'a mask taken away' 'mask=person' mask= ''
  turned 'another mask' 'mask=person' mask="$two" "mask=$two"
  turned 'the other side' 'mask=person' mask-of=background 'mask=person mask-of=background'
  turned 'another outside' 'mask=person outside=great-wave' outside=blur 'mask=person outside=blur'
  turned 'a feather' 'mask=person' feather=8 'mask=person feather=8'
  turned 'one thread' 'mask=person outside=great-wave strength=0.9' strength=1 'mask=person outside=great-wave threads=1'
  # Strokes that hold on go on where a style beside them is turned.
  through "$work/steady" "$i420" 'mask=person steadiness=0.9'
  through "$work/turned" "$i420" 'mask=person steadiness=0.9' --turn 2 outside=great-wave
  through "$work/cut" "$i420" 'mask=person steadiness=0.9' --discont 2
  frame "$work/steady" 3 >"$work/a"
  frame "$work/cut" 3 >"$work/b"
  expect_other "$work/a" "$work/b" 'a discontinuity'
  # A controller moves what can be moved.
  local long=${i420/num-buffers=4/num-buffers=11}
  through "$work/fade" "$long" 'mask=person mask-hold=0 steadiness=0' --fade threshold
  through "$work/half" "$long" 'mask=person mask-hold=0 steadiness=0'
  frame "$work/fade" 5 >"$work/a"
  frame "$work/half" 5 >"$work/b"
  expect_bytes "$work/a" "$work/b" 'a threshold that a controller moves'
  expect_other "$work/fade" "$work/half" 'a threshold that a controller moves'
  # One stream of several forms.
  rgba "$work/in.rgba" 48x32 2
  expect_success "$frames" "concat name=c ! temperavideo name=paint mask=person outside=blur ! appsink name=out sync=false
    $(source_of I420 66x34 2) ! c. $(source_of RGBA 48x32 2) ! c. $(source_of NV12 97x55 2) ! c." "$work/joined"
  : >"$work/apart"
  for part in 'I420 66x34 2' 'RGBA 48x32 2' 'NV12 97x55 2'; do
    # shellcheck disable=SC2086
    through "$work/part" "$(source_of $part)" 'mask=person outside=blur'
    cat "$work/part" >>"$work/apart"
  done
  expect_bytes "$work/joined" "$work/apart" 'GStreamer, changes of form'
  # Installed: the bundled mask is found above the plugin, whatever the source tree has.
  mkdir -p "$work/prefix/lib/gstreamer-1.0" "$work/prefix/share/tempera"
  cp "$gstreamer/libgsttempera.so" "$work/prefix/lib/gstreamer-1.0/"
  cp -RL "$work/styles" "$work/prefix/share/tempera/styles"
  mv "$work/prefix/share/tempera/styles/masks" "$work/prefix/share/tempera/masks"
  through "$work/painted" "$i420" 'mask=person'
  (
    unset TEMPERA_STYLES
    export GST_PLUGIN_PATH=$work/prefix/lib/gstreamer-1.0 GST_REGISTRY=$work/registry2
    expect_success "$frames" "$i420 ! temperavideo name=paint mask=person ! appsink name=out sync=false" "$work/installed"
  )
  expect_bytes "$work/installed" "$work/painted" 'an installed mask'

  # Late frames are skipped; those that come have masks of their own. In the negative of what is bright nothing is bright:
  # where a mask were that of another frame, some of the ball would be left.
  local ball='videotestsrc pattern=ball num-buffers=200 ! video/x-raw,format=I420,width=320,height=180,framerate=1000/1'
  local late="temperavideo name=paint style=$tiny mask=person mask-hold=0 steadiness=0"
  bright() { LC_ALL=C tr -d '\000-\307' <"$1" | wc -c; } # bytes of 200 and more
  expect_success "$frames" "$ball ! $late ! appsink name=out sync=true qos=true" "$work/late"
  checks=$((checks + 2))
  grep -qE '^painted [1-9][0-9]* skipped [1-9]' "$work/stdout" || fail "late frames: $(cat "$work/stdout")"
  [ "$(bright "$work/late")" -eq 0 ] || fail "late frames: $(bright "$work/late") bytes are bright"
  expect_success "$frames" "$ball ! $late strength=0 ! appsink name=out sync=false qos=false" "$work/ball"
  checks=$((checks + 1))
  [ "$(bright "$work/ball")" -gt 100000 ] || fail 'the ball is not bright'

  # What is not there ends the pipeline in one line.
  refused() { # PATTERN PROPERTIES...
    checks=$((checks + 1))
    local got=0
    timeout 60 gst-launch-1.0 videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48 ! temperavideo "${@:2}" ! fakesink \
      >"$work/stdout" 2>&1 </dev/null || got=$?
    [ $got -eq 1 ] || [ $got -eq 255 ] || fail "exit code $got, wanted 1 or 255: ${*:2}"
    grep -qE "$1" "$work/stdout" || fail "not '$1': $(cat "$work/stdout")"
  }
  refused "no mask 'nosuch' in .*; there are person" mask=nosuch
  refused 'gone.onnx: no such mask file; give' mask=gone.onnx
  refused "two.onnx.* 'green'.*bright, dark" mask="$two:green"
  refused 'names no class behind the colon' mask=person:
  refused 'is a folder; give' mask="$work"
  refused 'choose the background of the mask' mask=person:background
  refused "outside the mask: .*no style 'nosuch'" mask=person outside=nosuch
  refused 'the blur is 256 pixels at most' mask=person outside=blur:257
  refused 'the blur is 256 pixels at most' mask=person outside=blur:x
  refused 'great-wave.onnx' mask="$wave"
}

in_frei0r() {
  ffmpeg -hide_banner -filters 2>/dev/null | grep -w frei0r >/dev/null ||
    { echo 'not tried: this ffmpeg has no frei0r filter'; return 0; }
  filter() { # FILE PARAMETERS [FILTERS AHEAD]
    expect_success ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt rgba -s 96x64 -r 10 -i "$work/in.rgba" \
      -vf "${3:-}frei0r=filter_name=tempera:filter_params='${2//:/\\:}'" -pix_fmt rgba -f rawvideo "$1"
  }
  rgba "$work/in.rgba" 96x64 4
  same() { # WHAT STYLE STRENGTH MASKS_PARAMETERS WORDS OF THE REFERENCE...
    filter "$work/painted" "$2||$3|0|0.5|n|0|0|$4"
    checks=$((checks + 1))
    [ ! -s "$work/stderr" ] || fail "frei0r, $1 said: $(head -n 3 "$work/stderr")"
    expect_success "$reference" RGBA 96x64 "$work/in.rgba" "$work/wanted" "${@:5}"
    expect_bytes "$work/painted" "$work/wanted" "frei0r, $1"
    expect_other "$work/painted" "$work/in.rgba" "frei0r, $1"
  }
  same 'a person' starry-night 1 'person' style="$night" mask="$person"
  same 'all but the person' starry-night 0.5 'person|background|none|3|0.4|0.8' \
    style="$night" mask="$person" of=background feather=3 threshold=0.4 hold=0.8 strength=0.5
  same 'feather in hundredths, a blur' great-wave 1 'person|inside|blur:4|0.02|0.5|0|2' \
    style="$wave" mask="$person" blur=4 feather=2 hold=0 every=2
  same 'another style outside' udnie 1 "$two:bright|inside|great-wave|0|0.5|0.5|0.02" \
    style="$gallery:udnie" mask="$two" class=bright outside="$wave" every=2 hold=0.5
  # Turned while it runs.
  filter "$work/before" 'starry-night||1|0|0|n|0|0|person|inside||0|0.5|0'
  filter "$work/after" 'starry-night||1|0|0|n|0|0|person|background|blur|0|0.5|0'
  printf "0.15 frei0r filter_params 'starry-night||1|0|0|n|0|0|person|background|blur';\n" >"$work/commands"
  filter "$work/turned" 'starry-night||1|0|0|n|0|0|person|inside||0|0.5|0' "sendcmd=f='$work/commands',"
  { head -c $((96 * 64 * 4 * 2)) "$work/before"; tail -c $((96 * 64 * 4 * 2)) "$work/after"; } >"$work/wanted"
  expect_bytes "$work/turned" "$work/wanted" 'frei0r, turned while it runs'
  # What is not there is said once, and nothing is painted.
  passes() { # PATTERN MASKS_PARAMETERS
    filter "$work/unpainted" "starry-night||1|0|0.5|n|0|0|$2"
    checks=$((checks + 1))
    [ "$(grep -c '' "$work/stderr" || true)" -eq 1 ] || fail "$1: $(head -n 3 "$work/stderr")"
    grep -qE "^tempera \(frei0r\): .*$1.*; frames pass unpainted$" "$work/stderr" || fail "not '$1': $(cat "$work/stderr")"
    expect_bytes "$work/unpainted" "$work/in.rgba" "frei0r, $1"
  }
  passes "no mask 'nosuch' in .*; there are person" nosuch
  passes 'gone.onnx: no such mask file; give' gone.onnx
  passes "two.onnx.* 'green'.*bright, dark" "$two:green"
  passes "is inside or background, not 'left'" 'person|left'
  passes "outside the mask: .*no style 'nosuch'" 'person|inside|nosuch'
}

[ -z "$gstreamer" ] || in_gstreamer
[ -z "$frei0r" ] || in_frei0r
finish
