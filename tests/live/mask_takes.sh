#!/bin/bash
# Masks live beside what else there is: a mask that a wrong message asks for, in a take that is painted again; two styles of
# regions into a loopback device.
#   tests/live/mask_takes.sh COMMAND TINY_MODEL MASK_MODELS MARKER STAND_IN FOLDER
set -uo pipefail
here=$(realpath "$(dirname "$0")")
arguments=()
for argument in "${@:1:5}"; do arguments+=("$(realpath "$argument")"); done
command=${arguments[0]} tiny=${arguments[1]} maker=${arguments[2]} marker=${arguments[3]} stand_in=${arguments[4]} folder=$6
rm -rf "${folder:?}" && mkdir -p "$folder/styles/masks" "$folder/desk" && cd "$folder" || exit 1
folder=$PWD
source "$here/session.bash"
failures=0 live=0
trap '[ $live = 0 ] || kill -9 $live 2>/dev/null' EXIT
fail() { echo "FAIL $*"; failures=$((failures + 1)); }
# A line for each frame, but of those that are the one before once more.
frames_of() { ffmpeg -nostdin -v error -i "$@" -fps_mode passthrough -pix_fmt yuv420p -f framemd5 - | awk '!/^#/ && $NF != last { last = $NF; print last }'; }
# Whether the first one's frames all are frames of the second one, in its order; begun anew where it ends, if "loop".
follows() { # FRAMES KNOWN [loop]
  awk -v loop="${3:-}" 'NR == FNR { known[n++] = $1; next }
    { for (steps = 0; steps < n; ++steps) { at = i + steps; if (at >= n && !loop) break; if (known[at % n] == $1) { i = at + 1; next } }
      print "frame " FNR " is none of those"; exit 1 }' "$2" "$1"
}

export TEMPERA_STYLES=$folder/styles
"$tiny" styles/negative.onnx && "$tiny" --colours paint.onnx && "$maker" styles/masks && "$marker" draw marker.yuv 120 || exit 1
ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt yuv420p -s 160x96 -r 30 -i marker.yuv -c:v ffv1 marker.mkv || exit 1

# Wrong messages while the source is recorded: no such mask, no such class, a file that is none. Each is said, the mask stays
# that it was, and what is turned afterwards is painted again to the byte.
cp "$command" no-network.onnx
port=$(free_port)
: >out.y4m
timeout --foreground 60 "$command" live marker.mkv --no-window --style negative --mask red --midi off --osc 127.0.0.1:$port \
  --sink - --record-source source.mkv >out.y4m 2>said &
live=$!
more 20
for wrong in nosuch colours:yellow no-network.onnx; do
  osc_text /tempera/mask $wrong
  more 12
done
osc_text /tempera/mask/of background
more 12
osc_text /tempera/mask nosuch
osc_text /tempera/mask colours:red
more 20
osc_text /tempera/mask nosuch
more 12
kill -TERM $live
wait $live || fail "the session ends with exit code $?: $(tail -n 3 said)"
live=0
for wrong in "'nosuch'" "'yellow'" no-network.onnx; do grep -q -- "$wrong" said || fail "not said: $wrong: $(cat said)"; done
for wrong in nosuch yellow no-network; do
  ! grep -q "$wrong" source.live.json || fail "the timeline has $wrong"
done
timeout 60 "$command" stylize source.mkv --timeline source.live.json -o again.mkv --codec ffv1 >replay.log 2>&1 ||
  fail "painting it again: $(cat replay.log)"
frames_of out.y4m >live.md5
frames_of again.mkv >again.md5
[ "$(wc -l <live.md5)" -ge 40 ] || fail "only $(wc -l <live.md5) frames came"
what=$(follows live.md5 again.md5) || fail "painted again: $what of the $(wc -l <again.md5) that were"
frames_of marker.mkv >source.md5
! follows live.md5 source.md5 loop >/dev/null || fail 'nothing was painted'

# Two styles, each in its region, into a loopback device: what the command makes of the same film.
printf 'kind loopback\ncard Painted\nformat YU12 160x96 30\nout %s/loopback.yuv\n' "$folder" >desk/video9
regions=(--region "red=negative" --region "background=$folder/paint.onnx:blue" --mask red --mask-hold 0 --steadiness 0)
TEMPERA_V4L2_STAND_IN=$folder/desk LD_PRELOAD=$stand_in timeout 60 "$command" live marker.mkv --no-window --midi off --osc off \
  --duration 3 "${regions[@]}" --sink v4l2:/dev/video9,size=160x96 >said 2>&1 || fail "two styles: $(cat said)"
"$command" stylize marker.mkv -o regions.mkv --codec ffv1 "${regions[@]}" >regions.log 2>&1 || fail "two styles: $(cat regions.log)"
ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt yuv420p -s 160x96 -r 30 -i loopback.yuv -c:v ffv1 loopback.mkv
frames_of loopback.mkv >loopback.md5
frames_of regions.mkv >regions.md5
[ "$(wc -l <loopback.md5)" -ge 30 ] || fail "only $(wc -l <loopback.md5) frames were written"
what=$(follows loopback.md5 regions.md5 loop) || fail "two styles: $what"
# Each of the two shows.
"$command" stylize marker.mkv -o one.mkv --codec ffv1 "${regions[@]/*blue/background=none}" >one.log 2>&1 || fail "one style: $(cat one.log)"
frames_of one.mkv >one.md5
! follows loopback.md5 one.md5 loop >/dev/null || fail 'the second style does not show'
[ $failures -eq 0 ] && echo 'live.mask_takes: passed' || echo "live.mask_takes: $failures failed"
exit $((failures > 0))
