#!/bin/bash
# Rubbish in, a clear line out: what stylize does with input and output that cannot be used.
#   bad_input.sh TEMPERA MODEL SCRATCH
# MODEL is any style that works.
set -euo pipefail
tempera=$1 style=$2 work=$3
rm -rf "$work"
mkdir -p "$work/out"
source "$(dirname "$0")/expect.bash"

video() { ffmpeg -v error -f lavfi -i "testsrc2=size=$1:rate=25:duration=$2" -pix_fmt yuv420p -y "$3" </dev/null; }
video 160x96 2 "$work/good.mp4"
ffmpeg -v error -f lavfi -i testsrc2=size=160x96:rate=1 -frames:v 1 -y "$work/good.png" </dev/null

# Not what its name says.
printf 'Dear reader,\nthis is not a film.\n' >"$work/text.mp4"
cp "$work/text.mp4" "$work/text.png"
: >"$work/empty.mp4"
head -c 20000 /dev/urandom >"$work/noise.mkv"
head -c 100 "$work/good.png" >"$work/cut.png"
for input in text.mp4 text.png empty.mp4 noise.mkv cut.png; do
  expect_error 1 "$input" "$tempera" stylize "$work/$input" -o "$work/out/x.${input##*.}" --style "$style"
  expect_nothing "$work/out"
done
expect_error 1 'nowhere.mp4' "$tempera" stylize "$work/nowhere.mp4" -o "$work/out/x.mp4" --style "$style"
expect_error 1 . "$tempera" stylize "$work/out" -o "$work/out/x.mp4" --style "$style"
ffmpeg -v error -f lavfi -i sine=duration=1 -y "$work/sound.wav" </dev/null
expect_error 1 'sound.wav' "$tempera" stylize "$work/sound.wav" -o "$work/out/x.mp4" --style "$style"
expect_nothing "$work/out"

# Usage: exit code 2.
expect_error 2 . "$tempera" stylize "$work/good.png" --style "$style"
expect_error 2 . "$tempera" stylize "$work/good.png" -o "$work/out/x.png" --style "$style" --strength 2
expect_error 2 . "$tempera" stylize "$work/good.png" -o "$work/out/x.png" --style "$style" --size nonsense
expect_error 2 . "$tempera" stylize "$work/good.png" -o "$work/out/x.png" --style "$style" --no-such-option
expect_error 2 . "$tempera" no-such-verb
expect_nothing "$work/out"

# A style that is not there: the nearest is named.
mkdir -p "$work/styles"
cp "$style" "$work/styles/starry-night.onnx"
cp "$style" "$work/styles/great-wave.onnx"
export TEMPERA_STYLES=$work/styles
expect_error 1 'tary-night.*starry-night' \
  "$tempera" stylize "$work/good.png" -o "$work/out/x.png" --style tary-night
expect_error 1 'nowhere.onnx' "$tempera" stylize "$work/good.png" -o "$work/out/x.png" --style "$work/nowhere.onnx"
expect_error 1 'good.png' "$tempera" stylize "$work/good.png" -o "$work/out/x.png" --style "$work/good.png"
expect_nothing "$work/out"

# Output that cannot be written. Root may write anywhere, so: a folder that is none.
expect_error 1 'good.png/x.png|[Nn]ot a directory' \
  "$tempera" stylize "$work/good.png" -o "$work/good.png/x.png" --style "$style"
expect_error 1 'no/such/folder' "$tempera" stylize "$work/good.mp4" -o "$work/no/such/folder/x.mp4" --style "$style"
expect_error 1 . "$tempera" stylize "$work/good.mp4" -o /proc/x.mp4 --style "$style"
expect_error 1 'out' "$tempera" stylize "$work/good.mp4" -o "$work/out" --style "$style"
expect_error 2 'xyz' "$tempera" stylize "$work/good.mp4" -o "$work/out/x.xyz" --style "$style"
expect_nothing "$work/out"

# An existing file survives a failure.
cp "$work/good.png" "$work/out/kept.png"
expect_error 1 . "$tempera" stylize "$work/text.png" -o "$work/out/kept.png" --style "$style"
cmp -s "$work/good.png" "$work/out/kept.png" || fail "a failed run touched the file that was there"
rm "$work/out/kept.png"

# Small and large, but legal.
ffmpeg -v error -f lavfi -i color=red:size=8x8 -vf format=rgb24,crop=1:1 -frames:v 1 -y "$work/one.png" </dev/null
expect_success "$tempera" stylize "$work/one.png" -o "$work/out/one.png" --style "$style"
[ "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$work/out/one.png")" = 1,1 ] ||
  fail "a 1x1 picture did not give a 1x1 painting"
rm -f "$work/out"/*
ffmpeg -v error -f lavfi -i testsrc2=size=7680x4320:rate=1 -frames:v 1 -y "$work/8k.jpg" </dev/null
if [ "${TEMPERA_QUICK:-}" = 1 ]; then
  echo "skipped: the 8K frame at full size (TEMPERA_QUICK is set); at --height 360 instead"
  expect_success "$tempera" stylize "$work/8k.jpg" -o "$work/out/8k.jpg" --style "$style" --height 360
else
  expect_success "$tempera" stylize "$work/8k.jpg" -o "$work/out/8k.jpg" --style "$style"
fi
[ "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$work/out/8k.jpg")" = 7680,4320 ] ||
  fail "an 8K picture did not give an 8K painting"
rm -f "$work/out"/*

# A film damaged in the middle: what can be read is painted.
video 160x96 6 "$work/long.mp4"
size=$(stat -c %s "$work/long.mp4")
cp "$work/long.mp4" "$work/damaged.mp4"
head -c $((size / 8)) /dev/urandom | dd of="$work/damaged.mp4" bs=1 seek=$((size * 2 / 5)) conv=notrunc status=none
got=0
timeout 120 "$tempera" stylize "$work/damaged.mp4" -o "$work/out/x.mp4" --style "$style" \
  >/dev/null 2>"$work/stderr" </dev/null || got=$?
checks=$((checks + 1))
if [ $got -gt 1 ]; then
  fail "a damaged film ended with exit code $got"
elif [ "$(wc -l <"$work/stderr")" -gt 5 ]; then
  fail "a damaged film brought $(wc -l <"$work/stderr") lines"
elif ! grep -qiE 'damaged|corrupt|decod|broken' "$work/stderr"; then
  fail "a damaged film went unmentioned"
  cat "$work/stderr"
fi
[ $got -ne 0 ] || expect_frames "$work/out/x.mp4" 60 150
rm -f "$work/out"/*
# Cut off at the end: an mp4 without its index cannot be opened, a Matroska file plays to the cut.
head -c $((size / 2)) "$work/long.mp4" >"$work/cut.mp4"
expect_error 1 'cut.mp4' "$tempera" stylize "$work/cut.mp4" -o "$work/out/x.mp4" --style "$style"
expect_nothing "$work/out"

# No space left on the device.
full=$work/full
mkdir -p "$full"
if mount -t tmpfs -o size=64k tempera-test "$full" 2>/dev/null; then
  trap 'umount "$full"' EXIT
  video 320x192 8 "$work/wide.mp4"
  expect_error 1 '[Nn]o space' "$tempera" stylize "$work/wide.mp4" -o "$full/x.mp4" --style "$style" --crf 10
  expect_nothing "$full"
  ffmpeg -v error -f lavfi -i "nullsrc=size=640x480,geq=random(1)*255:128:128" -frames:v 1 -y "$work/noise.png" </dev/null
  expect_error 1 '[Nn]o space' "$tempera" stylize "$work/noise.png" -o "$full/x.png" --style "$style"
  expect_nothing "$full"
  umount "$full"
  trap - EXIT
else
  echo "skipped: no space left on the device (a small file system can be mounted by root only)"
fi
checks=$((checks + 1))
if "$tempera" stylize "$work/good.mp4" -o - --style "$style" >/dev/full 2>"$work/stderr" </dev/null; then
  fail "writing to a full device succeeded"
elif [ "$(grep -vc '^note: ' "$work/stderr")" -ne 1 ]; then
  fail "writing to a full device said more, or less, than one line"
  head -n 5 "$work/stderr"
fi
finish
