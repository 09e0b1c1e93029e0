#!/bin/bash
# The frei0r filter in FFmpeg, against what the command paints of the same frames.
#   frei0r.sh TEMPERA FOLDER_OF_THE_PLUGIN HOST TINY_MODEL MODELS BUILD SCRATCH
set -euo pipefail
tempera=$1 plugin=$2 host=$3 tiny=$4 models=$5 build=$6 work=$7
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
# (grep -q would end ffmpeg with a broken pipe.)
ffmpeg -hide_banner -filters 2>/dev/null | grep -w frei0r >/dev/null ||
  { echo "skipped: this ffmpeg has no frei0r filter"; exit 77; }
rm -rf "$work"
mkdir -p "$work"
source "$(dirname "$0")/../cli/expect.bash"
export TEMPERA_CACHE=$work/cache # a new one, which both fill
export FREI0R_PATH=$plugin TEMPERA_STYLES=$models
unset LD_LIBRARY_PATH

md5() { ffmpeg -nostdin -v error -i "$1" -pix_fmt rgb24 -f md5 -; }
expect_same() { # A B WHAT
  checks=$((checks + 1))
  [ "$(md5 "$1")" = "$(md5 "$2")" ] || fail "$3: $1 and $2 differ"
}
expect_other() {
  checks=$((checks + 1))
  [ "$(md5 "$1")" != "$(md5 "$2")" ] || fail "$3: $1 and $2 are the same"
}
filter() { # IN OUT PARAMETERS [CODEC]
  expect_success ffmpeg -nostdin -v error -y -i "$1" \
    -vf "format=rgb24,frei0r=filter_name=tempera:filter_params='${3//:/\\:}',format=${4:+bgr0|}rgb24" -c:v "${4:-png}" "$2"
}
command_paints() { expect_success "$tempera" stylize "$@"; }
expect_silence() {
  checks=$((checks + 1))
  [ ! -s "$work/stderr" ] || fail "$1 said: $(head -n 3 "$work/stderr")"
}

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=176x96:r=10:d=0.5 -pix_fmt bgr0 -c:v ffv1 "$work/in.mkv"
for frame in 0 3; do
  ffmpeg -nostdin -v error -i "$work/in.mkv" -vf "select=eq(n\,$frame),format=rgb24" -frames:v 1 "$work/in$frame.png"
done

# One frame, to the byte, in whatever can be set.
same() { # WHAT PARAMETERS OPTIONS OF THE COMMAND...
  local what=$1 parameters=$2
  shift 2
  filter "$work/in0.png" "$work/filter.png" "$parameters"
  expect_silence "$what"
  command_paints "$work/in0.png" -o "$work/command.png" "$@"
  expect_same "$work/filter.png" "$work/command.png" "$what"
  expect_other "$work/filter.png" "$work/in0.png" "$what"
}
same 'no parameters' ''
same 'a style by name' 'Great Wave' --style great-wave
same 'a style of a file of many' 'udnie' --style udnie
same 'a model file' "$tiny" --style "$tiny"
same 'one of a file' "$models/gallery.onnx:tableau" --style "$models/gallery.onnx:tableau"
same 'a blend' '|great-wave=0.7,udnie=0.3' --blend great-wave=0.7,udnie=0.3
same 'a blend in a file' "$models/gallery.onnx|great-wave=0.7,udnie=0.3" --style "$models/gallery.onnx" --blend great-wave=0.7,udnie=0.3
same 'strength' 'starry-night||0.4' --style starry-night --strength 0.4
same 'strokes' 'udnie||1|0.25' --style udnie --param stroke_size=0.25
same 'colours kept' 'starry-night||1|1|0.5|y' --style starry-night --keep-colors
same 'threads' 'starry-night||1|1|0.5|n|2' --style starry-night --threads 1
same 'threads in hundredths' 'starry-night||1|1|0.5|n|0.02' --style starry-night --threads 1
same 'the short side' 'starry-night||1|1|0.5|n|0|48' --style starry-night --height 48
same 'the short side in thousandths' 'starry-night||1|1|0.5|n|0|0.048' --style starry-night --height 48
filter "$work/in0.png" "$work/filter.png" 'starry-night||0'
expect_same "$work/filter.png" "$work/in0.png" 'strength 0'

# Sizes. Of other widths than multiples of 16, FFmpeg's rows have gaps, which no frei0r filter is told of: they are refused.
for size in 16x8 16x3 192x97 640x360; do
  ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=$size -frames:v 1 -pix_fmt rgb24 "$work/size.png"
  filter "$work/size.png" "$work/filter.png" 'starry-night'
  command_paints "$work/size.png" -o "$work/command.png" --style starry-night
  expect_same "$work/filter.png" "$work/command.png" "$size"
done

wide=(ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=1080x64 -frames:v 1 -pix_fmt rgb24)
"${wide[@]}" -vf 'format=rgba,frei0r=tempera:starry-night' "$work/torn.png" 2>"$work/stderr" && fail 'torn rows are painted'
checks=$((checks + 2))
[ "$(grep -cF "tempera (frei0r): FFmpeg's rows of 1080 pixels have gaps that frei0r does not know of; make the width a \
multiple of 16, such as pad=1088:ih,frei0r=...,crop=1080:ih:0:0" "$work/stderr")" -eq 1 ] || fail "torn rows: $(cat "$work/stderr")"
[ ! -e "$work/torn.png" ] || fail 'torn rows were written'
"${wide[@]}" -vf 'pad=1088:ih' "$work/wide.png"
command_paints "$work/wide.png" -o "$work/command.png" --style starry-night
ffmpeg -nostdin -v error -y -i "$work/command.png" -vf crop=1080:ih:0:0 "$work/wanted.png"
expect_success "${wide[@]}" -vf 'format=rgba,pad=1088:ih,frei0r=tempera:starry-night,crop=1080:ih:0:0' "$work/filter.png"
expect_same "$work/filter.png" "$work/wanted.png" 'a width that was padded'

# A film: the first frame as alone; steadiness makes the later ones others, and none of it makes them as alone.
film() { filter "$work/in.mkv" "$work/$1.nut" "$2" ffv1; }
frame_of() { ffmpeg -nostdin -v error -y -i "$1" -vf "select=eq(n\,$2),format=rgb24" -frames:v 1 "$3"; }
film loose 'starry-night||1|1|0'
film steady 'starry-night||1|1|0.8'
for frame in 0 3; do
  frame_of "$work/loose.nut" $frame "$work/loose$frame.png"
  frame_of "$work/steady.nut" $frame "$work/steady$frame.png"
  command_paints "$work/in$frame.png" -o "$work/command$frame.png" --style starry-night
  expect_same "$work/loose$frame.png" "$work/command$frame.png" "frame $frame by itself"
done
expect_same "$work/steady0.png" "$work/command0.png" 'the first frame of a steady film'
expect_other "$work/steady3.png" "$work/command3.png" 'a later frame of a steady film'

# Turned while it runs: the style, from the fourth frame on.
printf "0.25 frei0r filter_params 'udnie||1|0|0';\n" >"$work/commands"
expect_success ffmpeg -nostdin -v error -y -i "$work/in.mkv" \
  -vf "sendcmd=f='$work/commands',format=rgb24,frei0r=filter_name=tempera:filter_params='starry-night||1|1|0',format=bgr0" \
  -c:v ffv1 "$work/turned.nut"
frame_of "$work/turned.nut" 0 "$work/turned0.png"
frame_of "$work/turned.nut" 3 "$work/turned3.png"
expect_same "$work/turned0.png" "$work/command0.png" 'before the turn'
command_paints "$work/in3.png" -o "$work/udnie3.png" --style udnie
expect_same "$work/turned3.png" "$work/udnie3.png" 'after the turn'

# Two in one process.
ffmpeg -nostdin -v error -y -i "$work/in0.png" -filter_complex \
  "format=rgb24,split[a][b];[a]frei0r=tempera:great-wave[c];[b]frei0r=tempera:the-scream[d];[c][d]hstack,format=rgb24" "$work/two.png"
for style in great-wave the-scream; do command_paints "$work/in0.png" -o "$work/$style.png" --style $style; done
ffmpeg -nostdin -v error -y -i "$work/great-wave.png" -i "$work/the-scream.png" -filter_complex hstack "$work/both.png"
expect_same "$work/two.png" "$work/both.png" 'two effects in one process'

# What cannot be painted is said once, with the cure, and passes.
passes() { # WHAT PATTERN PARAMETERS
  film unpainted "$3"
  checks=$((checks + 1))
  local said
  said=$(grep -c '' "$work/stderr" || true)
  [ "$said" -eq 1 ] || fail "$1: $said lines: $(head -n 3 "$work/stderr")"
  grep -qE "^tempera \(frei0r\): .*$2.*; frames pass unpainted$" "$work/stderr" || fail "$1: $(cat "$work/stderr")"
  expect_same "$work/unpainted.nut" "$work/in.mkv" "$1"
}
passes 'an unknown style' "no style 'nosuch' in .*starry-night" nosuch
passes 'a missing file' 'gone.onnx: no such model file; give' gone.onnx
passes 'a folder' 'is a folder; give a .onnx file' "$models/"
passes 'no model' 'in.mkv' "$work/in.mkv"
passes 'a bad blend' "'x=two' is no share of a blend: write NAME=SHARE" '|x=two'
passes 'an unknown blend' "blends 'x', 'y'" '|x=1,y=1'
passes 'half an unknown blend' 'no parameter of the model blends all' '|udnie=0.5,nosuch=0.5'
TEMPERA_STYLES=$work/none passes 'no folder of styles' 'TEMPERA_STYLES is .*no folder' udnie

# A host that is ruder.
checks=$((checks + 1))
timeout 120 "$host" "$plugin/tempera.so" "$tiny" >"$work/stdout" 2>"$work/stderr" || fail "the rude host: $(cat "$work/stdout" "$work/stderr")"

# Installed and moved: library and styles are found from where the plugin lies; a copy elsewhere finds them by the library.
expect_success cmake --install "$build" --prefix "$work/prefix"
mv "$work/prefix" "$work/moved prefix"
unset TEMPERA_STYLES
rm -f "$work/filter.png"
FREI0R_PATH="$work/moved prefix/lib/frei0r-1" filter "$work/in0.png" "$work/filter.png" great-wave
expect_silence 'the installed plugin'
expect_same "$work/filter.png" "$work/great-wave.png" 'the installed plugin'
mkdir "$work/alone"
cp "$work/moved prefix/lib/frei0r-1/tempera.so" "$work/alone/"
rm -f "$work/filter.png"
LD_LIBRARY_PATH=$(dirname "$(find "$work/moved prefix" -name libtempera.so)") FREI0R_PATH=$work/alone \
  filter "$work/in0.png" "$work/filter.png" great-wave
expect_silence 'a plugin elsewhere'
expect_same "$work/filter.png" "$work/great-wave.png" 'a plugin elsewhere'
finish
