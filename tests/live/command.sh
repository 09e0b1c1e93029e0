#!/bin/bash
# tempera live at the command line: what it refuses, what it keeps when it is killed, that it can be stopped.
#   tests/live/command.sh COMMAND STYLE.onnx FOLDER
set -uo pipefail
command=$(realpath "$1") style=$(realpath "$2")
rm -rf "$3" && mkdir -p "$3" && cd "$3" || exit 1
export XDG_CONFIG_HOME=$PWD/config
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}
live() { timeout 60 "$command" live --no-window --osc off --midi off --style "$style" "$@" >said 2>&1; }
refused() { # refused WORDS ARGUMENTS...: exit 2, and says so
  local words=$1
  shift
  live "$@"
  local code=$?
  [ $code -eq 2 ] && grep -q -- "$words" said || fail "live $*: exit $code, said: $(cat said)"
}
frames() { ffprobe -v error -select_streams v -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$1" 2>/dev/null; }

ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 film.mp4 || exit 1
before=$(md5sum film.mp4)
refused 'the source itself' film.mp4 --duration 1 --record ./film.mp4
refused 'the source itself' film.mp4 --duration 1 --sink "$PWD/film.mp4"
refused 'two things' film.mp4 --duration 1 --record a.mkv --sink ./a.mkv
refused 'two things' film.mp4 --duration 1 --record a.mkv --record-source a.mkv
refused 'not expected' test --duration 1 --sink p.mkv film.mp4
refused "picture's name" test --duration 1 --sink p.png
refused 'for --sink' test --duration 1 --record -
[ "$(md5sum film.mp4)" = "$before" ] || fail "the film was written to"

# A film goes on for ever, and says how not to.
live film.mp4 --duration 1 && grep -q '^note: the film begins again at its end: --once' said || fail "a loop without a word: $(cat said)"
live film.mp4 --once && ! grep -q 'begins again' said || fail "--once is told of: $(cat said)"

# Into one frame rate, from frames at any time: said once, and summed at the end.
ffmpeg -nostdin -v error -y -i film.mp4 -vf "select='not(between(mod(n,10),3,7))'" -fps_mode vfr -c:v libx264 gaps.mp4
timeout 60 "$command" live --no-window --osc off --midi off --style "$style" gaps.mp4 --duration 3 --sink - 2>said >/dev/null
[ "$(grep -c 'constant frame rate' said)" -eq 2 ] || fail "repeated frames: $(cat said)"

# Nobody fills the pipe: it ends in time all the same, and says that nothing was painted.
started=$SECONDS
(sleep 20) | live - --duration 1
code=$?
[ $code -eq 1 ] && grep -q 'nothing was painted' said || fail "silent input: exit $code, said: $(cat said)"
[ $((SECONDS - started)) -lt 30 ] || fail "silent input was waited for"

# What was painted until a process is killed can be played.
for name in k.mp4 k.mkv; do
  timeout -s KILL 6 "$command" live test:64x48@25 --no-window --osc off --midi off --style "$style" --record $name >said 2>&1
  left=$(ls .$name.*.part 2>/dev/null)
  count=$([ -n "$left" ] && frames "$left")
  [ "${count:-0}" -gt 5 ] 2>/dev/null || fail "killed: $name has ${count:-no} frames"
done

live test:64x48@25 --duration 2 --record take.mp4 --record-source source.mkv
code=$?
[ $code -eq 0 ] && [ -s take.live.json ] && [ -s source.live.json ] || fail "recording: exit $code, said: $(cat said)"
[ "$(frames take.mp4)" -gt 5 ] || fail "take.mp4 has $(frames take.mp4) frames"
timeout 60 "$command" stylize source.mkv --timeline source.live.json -o again.mkv >said 2>&1 || fail "replay: $(cat said)"
[ "$(frames again.mkv)" = "$(frames take.mp4)" ] || fail "replay has $(frames again.mkv) frames of $(frames take.mp4)"

[ $failed -eq 0 ] && echo "live.command: passed"
exit $failed
