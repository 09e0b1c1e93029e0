#!/bin/bash
# Ctrl-C leaves a playable film of what was done and exit code 130; kill -9 leaves nothing
# under the final name.
#   interrupt.sh TEMPERA MODEL SCRATCH
set -euo pipefail
tempera=$1 style=$2 work=$3
rm -rf "$work"
mkdir -p "$work/out"
source "$(dirname "$0")/expect.bash"

# Long enough that no machine is through before the signal.
ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=25:duration=60 -f lavfi -i sine=duration=60 \
  -pix_fmt yuv420p -preset ultrafast -y "$work/in.mp4" </dev/null

# start OUTPUT: runs stylize in the background with SIGINT at its default (a background job of a
# script ignores it otherwise), and waits until it has begun to write.
start() {
  # -m: job control, which leaves SIGINT alone.
  set -m
  "$tempera" stylize "$work/in.mp4" -o "$1" --style "$style" >"$work/stdout" 2>"$work/stderr" </dev/null &
  job=$!
  set +m
  local tries
  for tries in $(seq 100); do
    sleep 0.1
    [ -n "$(find "$work/out" -type f -size +0 2>/dev/null)" ] && break
  done
  sleep 1
}

checks=$((checks + 1))
for extension in mp4 mkv; do
  start "$work/out/x.$extension"
  [ ! -e "$work/out/x.$extension" ] || fail "the final name exists before the end"
  kill -INT $job
  got=0
  wait $job || got=$?
  [ $got -eq 130 ] || { fail "Ctrl-C gave exit code $got, wanted 130 ($extension)"; head -n 3 "$work/stderr"; }
  expect_frames "$work/out/x.$extension" 1 1499
  [ "$(ls -A "$work/out")" = "x.$extension" ] || fail "Ctrl-C left $(ls -A "$work/out" | tr '\n' ' ')"
  rm -rf "$work/out"/* "$work/out"/.[!.]*
done

checks=$((checks + 1))
cp "$work/in.mp4" "$work/out/x.mp4"
start "$work/out/x.mp4"
kill -KILL $job
wait $job 2>/dev/null || true
cmp -s "$work/in.mp4" "$work/out/x.mp4" || fail "kill -9 touched the file that was there under the final name"
rm -rf "$work/out"/* "$work/out"/.[!.]*
start "$work/out/y.mp4"
kill -KILL $job
wait $job 2>/dev/null || true
[ ! -e "$work/out/y.mp4" ] || fail "kill -9 left a file under the final name"
finish
